//! Builds again when `make graphiql` has filled its folder: what is embedded is found when this is compiled.

fn main() {
    println!("cargo::rerun-if-changed=web/graphiql/dist");
}
