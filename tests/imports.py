#!/usr/bin/env python3
"""Check the direction of imports, the ways into the database that no viewer narrows, and the length of files.

Usage: imports.py [ROOT]

A room is what lies directly under a crate's `src`: a folder, or a file together with the folder of its name.
Exit status 1 prints each import of a crate that must not be known there, each circle of rooms that is not listed in
MEANT, each way into the database that is not listed in WAYS, not banned by clippy, or used where it must not be, and
each Rust file of more than MAX_LINES lines. Tests inside the crates are read only for their length.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# The crates that each crate may import.
ALLOWED = {
    "domain": set(),
    "migration": set(),
    "entity": {"domain"},
    "casework": {"domain", "entity"},
    "graphql": {"domain", "entity", "casework"},
    "src": {"domain", "entity", "migration", "casework", "graphql"},
    "bench": {"domain", "entity", "migration"},
}

# Circles of rooms that are meant: a case has referrals, and a referral shows its sender the case.
MEANT: dict[str, list[set[str]]] = {"graphql": [{"case", "referral"}]}

# The functions of entity that hand out a connection or access without a viewer. clippy.toml bans those that are BANNED, so
# that each use states its reason; the others need what one of these returned.
BANNED = {
    "Database::unscoped",
    "Writes::unscoped",
    "Database::for_migrations",
    "Database::for_demo_guard",
    "Database::file_for_demo_guard",
    "Database::session_for_demo_lock",
}
WAYS = {name.split("::")[1] for name in BANNED} | {"begin", "begin_reading", "tx", "into_tx"}
ACCESS = re.compile(r"\b(DatabaseConnection|DatabaseTransaction|Databases|DemoSession|UnscopedDatabase|Unscoped|Tx)\b")
PUBLIC_FUNCTION = re.compile(r"\bpub (?:async |const )*fn (\w+)[^;{]*")
# A function of the folder that has no value of an opened access as `self`.
WITHOUT_SELF = re.compile(r"\bpub (?:async |const )*fn (\w+)(?:<[^(]*>)?\((?!\s*&?(?:mut )?self\b)")
# The only file of the folder with reads for a viewer.
FOR_A_VIEWER = {"entity/src/unscoped/support_notices.rs"}
RAW = re.compile(r"\.raw\(\)|\.raw_(?:log|read|write|observe|closing)\(|\bkim_entity::raw\b")
CONNECT = re.compile(r"\b\w*ConnectOptions\b|\bDatabase::connect\b")

# A longer file has more than one job.
MAX_LINES = 400

COMMENT = re.compile(r"//[^\n]*")
TEST_MODULE = re.compile(r"#\[cfg\(test\)\]\s*mod \w+ \{.*", re.S)
CRATE_NAME = re.compile(r"\bkim_(domain|entity|migration|casework|graphql)\b")
PATH = re.compile(r"\b(crate|super(?:::super)*)::(\w+|\{)")


def code(path: Path) -> str:
    """The code of a file, without comments and without the tests at its end."""
    return TEST_MODULE.sub("", COMMENT.sub("", path.read_text()))


def module(path: Path, src: Path) -> tuple[str, ...]:
    """The names that lead from the crate's root to the module of a file."""
    parts = path.relative_to(src).with_suffix("").parts
    return parts[:-1] if parts[-1] in {"mod", "lib", "main"} else parts


def first_names(text: str, start: int) -> Iterator[str]:
    """The first names of the paths in braces that were opened just before `start`."""
    depth = 1
    for at in range(start, len(text)):
        if depth == 1 and text[at - 1] in "{, \n" and (name := re.match(r"\w+", text[at:])):
            yield name[0]
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return


def names_at_root(text: str, depth: int) -> Iterator[str]:
    """The names directly under the crate's root that a file's paths lead to."""
    for match in PATH.finditer(text):
        if match[1] == "crate" or match[1].count("super") == depth:
            yield from first_names(text, match.end()) if match[2] == "{" else [match[2]]


def circles(imports: dict[str, set[str]]) -> list[set[str]]:
    """The strongly connected sets of more than one room."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            new = imports[todo.pop()] - seen
            seen |= new
            todo += new
        return seen

    reach = {room: reached(room) for room in imports}
    found: list[set[str]] = []
    for room in sorted(imports):
        circle = {room} | {other for other in reach[room] if room in reach[other]}
        if len(circle) > 1 and circle not in found:
            found.append(circle)
    return found


def ways(root: Path) -> list[str]:
    """One line per way into the database that is new, not banned, or used where it must not be."""
    faults = []
    for crate in ("entity", "casework", "graphql", "src"):
        for path in sorted((root / crate if crate == "src" else root / crate / "src").rglob("*.rs")):
            name, text = str(path.relative_to(root)), code(path)
            if crate != "entity":
                if RAW.search(text):
                    faults.append(f"{name}: uses the feature `raw`, which only tests and the benchmark have")
                if CONNECT.search(text):
                    faults.append(f"{name}: opens a connection itself")
                continue
            if name == "entity/src/raw.rs":
                continue
            for match in PUBLIC_FUNCTION.finditer(text):
                if ACCESS.search(match[0]) and match[1] not in WAYS:
                    faults.append(f"{name}: `{match[1]}` is a new way into the database")
            if name.startswith("entity/src/unscoped/"):
                faults += [f"{name}: `{way}` needs no opened access" for way in WITHOUT_SELF.findall(text)]
                if re.search(r"\bimpl (?:Reads|Writes)\b", text) and name not in FOR_A_VIEWER:
                    faults.append(f"{name}: a read or write for a viewer belongs elsewhere")
    for config in ("clippy.toml", "graphql/clippy.toml"):
        if (path := root / config).exists():
            text = path.read_text()
            faults += [f"{config}: does not ban {way}" for way in sorted(BANNED) if f"::{way}\"" not in text]
    return faults


def long_files(root: Path) -> list[str]:
    """One line per Rust file of the repository that is too long. Without a repository, all but what was built counts."""
    listed = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.rs"]
    try:
        found = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
        paths = [root / name for name in sorted(set(found)) if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [path for path in sorted(root.rglob("*.rs")) if "target" not in path.relative_to(root).parts]
    faults = []
    for path in filter(Path.exists, paths):
        if (lines := path.read_text().count("\n")) > MAX_LINES:
            faults.append(f"{path.relative_to(root)}: {lines} lines, of at most {MAX_LINES}")
    return faults


def check(root: Path) -> list[str]:
    """One line per fault."""
    faults = ways(root) + long_files(root)
    for crate, allowed in ALLOWED.items():
        src = root / crate if crate == "src" else root / crate / "src"
        imports: dict[str, set[str]] = {}
        example: dict[tuple[str, str], Path] = {}
        for path in sorted(src.rglob("*.rs")):
            if path.stem == "tests":
                continue
            text, names = code(path), module(path, src)
            for name in sorted(set(CRATE_NAME.findall(text)) - allowed - {crate}):
                faults.append(f"{path.relative_to(root)}: imports kim_{name}, which {crate} must not know")
            if not names:
                continue
            imports.setdefault(names[0], set())
            for name in names_at_root(text, len(names)):
                if name != names[0] and ((src / name).is_dir() or (src / f"{name}.rs").exists()):
                    imports[names[0]].add(name)
                    example.setdefault((names[0], name), path.relative_to(root))
        for rooms in imports.values():
            rooms &= imports.keys()
        for circle in circles(imports):
            if circle not in MEANT.get(crate, []):
                faults.append(f"{crate}: a circle of {', '.join(sorted(circle))}")
                faults += [f"  {path} imports {to}" for (of, to), path in sorted(example.items()) if {of, to} <= circle]
    return faults


if __name__ == "__main__":
    faults = check(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent)
    print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
    sys.exit(bool(faults))
