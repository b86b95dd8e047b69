//! Rebuilds when `make graphiql` has changed its output folder, because its files are embedded at compile time.

fn main() {
    println!("cargo::rerun-if-changed=web/graphiql/dist");
}
