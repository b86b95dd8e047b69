//! The lint of imports finds an import against the direction of the crates, a circle of rooms, a way into the database that no
//! viewer narrows, and a file that is too long.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs the lint over the project, or over a crate tree of (path, text).
fn faults(files: &[(&str, &str)]) -> Option<String> {
    let root = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports.py");
    let root = if files.is_empty() { Path::new(env!("CARGO_MANIFEST_DIR")) } else { root.path() };
    let output = Command::new("python3").arg(script).arg(root).output().expect("Python");
    let faults = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.success(), faults.is_empty(), "{faults}");
    (!faults.is_empty()).then_some(faults)
}

#[test]
fn the_project_has_no_import_against_the_direction_and_no_circle() {
    assert_eq!(faults(&[]), None);
}

#[test]
fn an_import_of_an_outer_crate_is_found() {
    let found = faults(&[("domain/src/field.rs", "use kim_entity::read::Reads;")]).expect("a fault");
    assert!(found.contains("domain/src/field.rs: imports kim_entity"), "{found}");
    assert_eq!(faults(&[("entity/src/read.rs", "use kim_domain::field::Field;")]), None);
}

#[test]
fn a_circle_of_rooms_is_found_in_each_form_of_an_import() {
    let back = ["use crate::a::A;", "use crate::{c::C, a::A};", "fn f() { super::super::a::g() }", "pub use crate::a;"];
    for text in back {
        let files = [("entity/src/a.rs", "use super::b;"), ("entity/src/b/inner.rs", text), ("entity/src/c.rs", "")];
        let found = faults(&files).expect("a fault");
        assert!(
            found.contains("entity: a circle of a, b") && found.contains("entity/src/b/inner.rs imports a"),
            "{found}"
        );
    }
    let no_circle = [
        ("entity/src/a.rs", "use crate::b::{self, B};"),
        ("entity/src/b/mod.rs", "//! See crate::a.\nmod inner;"),
        ("entity/src/b/inner.rs", "use super::a;\n#[cfg(test)]\nmod tests {\n    use crate::a;\n}"),
    ];
    assert_eq!(faults(&no_circle), None);
}

#[test]
fn a_new_way_into_the_database_is_found() {
    let found = |path, text| faults(&[(path, text)]).unwrap_or_default();
    for signature in [
        "pub fn connection(&self) -> &DatabaseConnection {}",
        "pub async fn all<T>(\n    &self,\n    work: impl AsyncFnOnce(&Unscoped<&Tx>) -> T,\n) -> T {}",
    ] {
        let found = found("entity/src/read.rs", signature);
        assert!(found.contains("entity/src/read.rs: `") && found.contains("is a new way"), "{found}");
    }
    assert_eq!(found("entity/src/read.rs", "pub(crate) fn connection(&self) -> &DatabaseConnection {}"), "");
    let without_self = found("entity/src/unscoped/a.rs", "pub async fn all(database: &Database) {}");
    assert!(without_self.contains("`all` needs no opened access"), "{without_self}");
    assert_eq!(found("entity/src/unscoped/a.rs", "pub async fn all(\n    &self,\n) {}"), "");
    let for_a_viewer = found("entity/src/unscoped/a.rs", "impl Reads {}");
    assert!(for_a_viewer.contains("belongs elsewhere"), "{for_a_viewer}");
    let banned = found("clippy.toml", "disallowed-methods = []");
    assert!(banned.contains("clippy.toml: does not ban Database::unscoped"), "{banned}");
}

#[test]
fn a_rust_file_of_more_than_400_lines_is_found() {
    for path in ["src/a.rs", "entity/src/b/tests.rs", "tests/a.rs"] {
        assert_eq!(faults(&[(path, &"\n".repeat(400))]), None);
        let found = faults(&[(path, &"\n".repeat(401))]).unwrap_or_default();
        assert!(found.contains(&format!("{path}: 401 lines, of at most 400")), "{found}");
    }
}

#[test]
fn a_raw_connection_in_the_program_is_found() {
    for text in ["fn f(db: &Database) { db.raw() }", "fn f(db: &Database) { db\n.raw_log() }", "use kim_entity::raw;"] {
        for path in ["casework/src/a.rs", "graphql/src/a.rs", "src/a.rs"] {
            let found = faults(&[(path, text)]).unwrap_or_default();
            assert!(found.contains("uses the feature `raw`"), "{path}: {found}");
        }
        assert_eq!(faults(&[("bench/src/a.rs", text), ("tests/a.rs", text)]), None);
    }
    let found = faults(&[("src/serve.rs", "use sea_orm::ConnectOptions;")]).unwrap_or_default();
    assert!(found.contains("src/serve.rs: opens a connection itself"), "{found}");
}
