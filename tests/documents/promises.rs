//! docs/promises.md: every test that it names exists, and it names every file with tests.

use std::collections::BTreeSet;
use std::path::Path;

use super::root;

/// The tests that the document names, as path and name.
fn named(document: &str) -> Vec<(&str, &str)> {
    document.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect()
}

/// The names of a file's tests: functions with an attribute `test`, and functions in `on_both!`.
fn tests_in(text: &str) -> BTreeSet<&str> {
    let (mut tests, mut is_test, mut on_both) = (BTreeSet::new(), false, false);
    for line in text.lines() {
        let code = line.trim_start();
        match line {
            "on_both! {" => on_both = true,
            "}" => on_both = false,
            _ if code.starts_with("#[test]") || code.starts_with("#[tokio::test") => is_test = true,
            _ if code.starts_with("#[") || code.starts_with("//") => {}
            _ => {
                let name =
                    code.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
                let in_macro = on_both && line.starts_with("    async fn ");
                tests.extend(name.filter(|_| is_test || in_macro));
                is_test = false;
            }
        }
    }
    tests
}

/// The Rust files in a folder and its folders, by path from the root.
fn rust_files(folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root()).expect("a path below the root").display().to_string();
        if path.is_dir() && !name.ends_with("node_modules") {
            rust_files(&path, files);
        } else if name.ends_with(".rs") {
            files.push(name);
        }
    }
}

fn document() -> String {
    std::fs::read_to_string(root().join("docs/promises.md")).expect("docs/promises.md")
}

#[test]
fn every_promise_names_tests_that_exist() {
    let document = document();
    let promises = document.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise |"));
    for promise in promises {
        assert!(!named(promise).is_empty(), "no test shows: {promise}");
    }
    for (path, name) in named(&document) {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(tests_in(&text).contains(name), "{path} has no test {name}");
    }
}

#[test]
fn every_file_with_tests_shows_a_promise() {
    let document = document();
    let named: BTreeSet<&str> = named(&document).into_iter().map(|(path, _)| path).collect();
    let mut files = Vec::new();
    rust_files(&root().join("tests"), &mut files);
    // `support` has the macro that makes two tests of one.
    files.retain(|file| !file.starts_with("tests/support/"));
    assert!(files.len() > 60, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(root().join(&file)).expect("a file");
        assert!(tests_in(&text).is_empty() || named.contains(file.as_str()), "docs/promises.md does not name {file}");
    }
}
