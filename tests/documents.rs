//! The documents match the code: files and tests that they name exist.

mod errors;
mod example;
mod limits;
mod privacy;
mod promises;

use std::path::Path;

use kim_domain::Word;
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::disclosure::WithheldReason;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{ReferralKind, ReferralStatus};

const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "GLOSSARY.md", "CHANGELOG.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents at the root, the guides and the ADRs, by path from the root.
fn documents() -> Vec<(String, String)> {
    let within = |folder: &'static str| {
        let files = std::fs::read_dir(root().join(folder)).expect(folder);
        files.map(move |file| format!("{folder}/{}", file.expect("a file").file_name().display()))
    };
    let guides = within("docs").chain(within("docs/adr")).filter(|path| path.ends_with(".md"));
    let read = |path: String| (std::fs::read_to_string(root().join(&path)).expect(&path), path);
    DOCUMENTS.map(str::to_owned).into_iter().chain(guides).map(read).map(|(text, path)| (path, text)).collect()
}

/// Text that looks like a path in this repository: between backticks or in a link, with a slash or a known extension.
fn named(text: &str) -> Vec<&str> {
    let code = text.split('`').skip(1).step_by(2);
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let tops = [
        "src",
        "domain",
        "entity",
        "migration",
        "casework",
        "graphql",
        "tests",
        "web",
        "docs",
        "bench",
        "clients",
        ".ci",
    ];
    code.filter(|name| {
        let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
        let top = name.split('/').next().unwrap_or_default();
        is_plain && name.contains('/') && tops.contains(&top)
            || is_plain
                && !name.contains('/')
                && [".md", ".graphql", ".example.toml"].iter().any(|end| name.ends_with(end))
    })
    .chain(
        links.filter(|link| !link.contains("://") && !link.starts_with('#')).filter_map(|link| link.split('#').next()),
    )
    .collect()
}

#[test]
fn every_file_named_in_a_document_exists() {
    let mut count = 0;
    for (document, text) in documents() {
        for name in named(&text) {
            count += 1;
            // A link is relative to its document, a path between backticks to the root.
            let beside = root().join(&document).with_file_name(name);
            assert!(root().join(name).exists() || beside.exists(), "{document} names {name}");
        }
    }
    assert!(count > 30, "only {count} names were found: is this test still looking?");
}

#[test]
fn the_glossary_contains_every_word_of_the_api() {
    let glossary = std::fs::read_to_string(root().join("GLOSSARY.md")).expect("GLOSSARY.md");
    fn codes<W: Word>() -> impl Iterator<Item = &'static str> {
        W::ALL.iter().map(|word| word.code())
    }
    let words = codes::<AgencyKind>()
        .chain(codes::<Role>())
        .chain(codes::<ReferralKind>())
        .chain(codes::<ReferralStatus>())
        .chain(codes::<ReferralPurpose>())
        .chain(codes::<WithheldReason>());
    for word in words {
        assert!(glossary.contains(&format!("**{word}**")), "{word}");
    }
}

#[test]
fn the_readme_states_which_kim_this_is() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let first = readme.lines().next().expect("a line");
    assert!(first.contains("Kommunales Integrationsmanagement") && first.contains("not gematik"), "{first}");
}

#[test]
fn the_architecture_has_at_most_120_lines() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    assert!(map.lines().count() <= 120);
}
