//! The house rules of the whole workspace, read from its sources: who may use whom, sizes, names, forbidden words.
//!
//! Each rule is a function from sources to findings; the last test plants one breach of each and expects it to be found.

mod source;

use std::fs;
use std::path::Path;

use source::{Source, block_end, line_of, paths};

const LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const PROGRAMS: [&str; 3] = ["core/src/", "node/src/", "sync-server/src/"];
const BANNED_NAMES: [&str; 10] =
    ["util", "utils", "helper", "helpers", "common", "manager", "managers", "service", "services", "misc"];
const BANNED_WORDS: [&str; 4] = ["todo!", "unimplemented!", "dbg!", "#[ignore"];
const EDGES: [&str; 3] = ["http", "cli", "sync"];
const FORBIDDEN_IN_CORE: [&str; 7] = ["tokio", "hyper", "axum", "rustls", "futures", "getrandom", "jiff"];
/// What reads the files of an import: in core only where its user asks for it, and named in `import_files/` alone.
const FILE_READERS: [&str; 3] = ["csv", "flate2", "serde_json"];

#[test]
fn the_workspace_keeps_its_house_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Vec::new();
    read_folder(root, root, &mut sources);
    assert!(sources.len() > 100, "only {} files were found", sources.len());
    let mut findings: Vec<String> = sources.iter().flat_map(findings_in).collect();
    findings.extend(use_below(&sources));
    for package in ["core", "node", "sync-server"] {
        findings.extend(dependencies(package, &fs::read_to_string(root.join(package).join("Cargo.toml")).unwrap()));
    }
    for manifest in ["Cargo.toml", "core/Cargo.toml", "node/Cargo.toml", "sync-server/Cargo.toml", "benches/Cargo.toml"]
    {
        findings.extend(planted_bugs(manifest, &fs::read_to_string(root.join(manifest)).unwrap()));
    }
    findings.extend(planted_bugs("fuzz/Cargo.toml", &fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap()));
    assert!(findings.is_empty(), "{} breaches of the house rules:\n{}", findings.len(), findings.join("\n"));
}

fn read_folder(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            read_folder(root, &path, sources);
        } else if name.ends_with(".rs") {
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            sources.push(Source::new(&relative, &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The rules that one file can break by itself.
fn findings_in(source: &Source) -> Vec<String> {
    [
        too_long(source),
        banned_names(source),
        banned_words(source),
        unwraps(source),
        floats_and_engine(source),
        file_readers(source),
        edges(source),
        long_functions(source),
    ]
    .concat()
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let finding = || format!("{}: {lines} lines, more than {LINES_MAX}", source.path);
    (lines > LINES_MAX).then(finding).into_iter().collect()
}

fn banned_names(source: &Source) -> Vec<String> {
    let is_banned = |name: &&str| BANNED_NAMES.contains(&name.trim_end_matches(".rs"));
    let in_path = source.path.split('/').filter(is_banned);
    let modules = source.code.lines().filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod "));
    let inline = modules.map(|module| module.trim_end_matches([';', '{', '}', ' '])).filter(is_banned);
    in_path.chain(inline).map(|name| format!("{}: the name {name} says nothing", source.path)).collect()
}

fn banned_words(source: &Source) -> Vec<String> {
    let found = BANNED_WORDS.iter().flat_map(|word| {
        Source::lines_with(&source.code, word).into_iter().map(move |line| format!("{}:{line}: {word}", source.path))
    });
    found.collect()
}

fn unwraps(source: &Source) -> Vec<String> {
    if !PROGRAMS.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    let lines = Source::lines_with(&source.program, ".unwrap()");
    lines.into_iter().map(|line| format!("{}:{line}: unwrap outside tests", source.path)).collect()
}

/// Floats stay out of core; in core only `db/` names the storage engine, and node does not name it at all.
fn floats_and_engine(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    let is_core = source.path.starts_with("core/src/");
    let mut find = |word: &str, why: &str| {
        let lines = Source::lines_with(&source.code, word);
        findings.extend(lines.into_iter().map(|line| format!("{}:{line}: {why}", source.path)));
    };
    if is_core {
        find("f32", "a float in core");
        find("f64", "a float in core");
    }
    if is_core && !source.path.starts_with("core/src/db/") || source.path.starts_with("node/src/") {
        find("redb", "names the storage engine outside core's db");
    }
    findings
}

/// In core only `import_files/` names what reads files; JSON in a test of another module reads no file.
fn file_readers(source: &Source) -> Vec<String> {
    if !source.path.starts_with("core/src/") || source.path.starts_with("core/src/import_files/") {
        return Vec::new();
    }
    let found = FILE_READERS.iter().flat_map(|reader| {
        let lines = Source::lines_with(&source.program, reader).into_iter();
        lines.map(move |line| format!("{}:{line}: names {reader} outside import_files", source.path))
    });
    found.collect()
}

/// Inside a program `http`, `cli` and `sync` do not import one another.
fn edges(source: &Source) -> Vec<String> {
    let programs = PROGRAMS.iter().filter(|folder| !folder.starts_with("core/"));
    let own = programs.filter_map(|folder| source.module_under(folder)).find(|module| EDGES.contains(module));
    let Some(own) = own else { return Vec::new() };
    let used = paths(&source.code, "crate").into_iter().filter_map(|(line, path)| Some((line, path.first()?.clone())));
    let others = used.filter(|(_, module)| EDGES.contains(&module.as_str()) && module != own);
    others.map(|(line, module)| format!("{}:{line}: {own} imports {module}", source.path)).collect()
}

fn long_functions(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (at, _) in source.code.match_indices("fn ") {
        if source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let Some(open) = source.code[at..].find(['{', ';']).map(|offset| at + offset) else { continue };
        let Some(end) = block_end(&source.code, open) else { continue };
        let lines = source.code[at..end].lines().count();
        if lines > FUNCTION_LINES_MAX {
            let name = source.code[at + 3..open].split(['(', '<']).next().unwrap_or_default();
            let line = line_of(&source.code, at);
            findings.push(format!("{}:{line}: {name} has {lines} lines, more than {FUNCTION_LINES_MAX}", source.path));
        }
    }
    findings
}

/// In core, and in each of its folders, a module uses only what is declared above it.
fn use_below(sources: &[Source]) -> Vec<String> {
    let declared = |path: &str| -> Vec<String> {
        let lines = sources.iter().filter(|source| source.path == path).flat_map(|source| source.program.lines());
        let modules = lines.filter_map(|line| {
            let line = line.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
        });
        modules.collect()
    };
    let top = declared("core/src/lib.rs");
    let mut findings = Vec::new();
    for source in sources {
        let Some(own) = source.module_under("core/src/").filter(|module| *module != "lib") else { continue };
        let used = paths(&source.program, "crate");
        let first = |path: &[String]| path.first().cloned().unwrap_or_default();
        let tops = used.iter().map(|(line, path)| (*line, first(path)));
        findings.extend(below(source, &top, own, tops));
        let inner = source.path.strip_prefix(&format!("core/src/{own}/")).filter(|file| *file != "mod.rs");
        let Some(inner) = inner else { continue };
        let siblings = declared(&format!("core/src/{own}/mod.rs"));
        let by_name = used.iter().filter(|(_, path)| first(path) == own);
        let by_name = by_name.map(|(line, path)| (*line, first(path.get(1..).unwrap_or_default())));
        let by_super = paths(&source.program, "super").into_iter().map(|(line, path)| (line, first(&path)));
        let inner = inner.split(['/', '.']).next().unwrap_or_default();
        findings.extend(below(source, &siblings, inner, by_name.chain(by_super)));
    }
    findings
}

fn below(source: &Source, order: &[String], own: &str, used: impl Iterator<Item = (usize, String)>) -> Vec<String> {
    let place = |module: &str| order.iter().position(|known| known == module);
    let Some(here) = place(own) else { return vec![format!("{}: {own} is not declared", source.path)] };
    let lower = used.filter(|(_, module)| place(module).is_some_and(|there| there > here));
    lower.map(|(line, module)| format!("{}:{line}: {own} uses {module}, declared below it", source.path)).collect()
}

/// Core stays without async, clock and randomness, and without JSON unless its user asks for reading files; node and
/// sync-server do not know each other.
fn dependencies(package: &str, manifest: &str) -> Vec<String> {
    let part = |title: &str| {
        let lines = manifest.split(title).nth(1).unwrap_or("").lines();
        lines.take_while(|line| !line.trim_start().starts_with('[')).collect::<Vec<_>>()
    };
    let is_forbidden = |name: &str, is_optional: bool| match package {
        "core" => FORBIDDEN_IN_CORE.contains(&name) || FILE_READERS.contains(&name) && !is_optional,
        "node" => name == "counterfoil-sync-server",
        _ => name == "counterfoil-node",
    };
    let mut findings = Vec::new();
    for line in part("[dependencies]") {
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        if is_forbidden(name, line.contains("optional = true")) {
            findings.push(format!("{package}/Cargo.toml: depends on {name}"));
        }
    }
    if package == "core" && part("[features]").iter().any(|line| line.starts_with("default")) {
        findings.push("core/Cargo.toml: a feature that nobody asked for".to_owned());
    }
    findings
}

/// What can be planted to prove the simulator is known to core, and switched on by the simulator alone, when asked.
fn planted_bugs(path: &str, manifest: &str) -> Vec<String> {
    let lines = manifest.lines().filter(|line| !line.trim_start().starts_with('#') && line.contains("planted-bugs"));
    let is_allowed = |line: &str| match path {
        "core/Cargo.toml" => line == "planted-bugs = []",
        "fuzz/Cargo.toml" => line == "planted-bugs = [\"counterfoil-core/planted-bugs\"]",
        _ => false,
    };
    lines.filter(|line| !is_allowed(line)).map(|line| format!("{path}: {line}")).collect()
}

fn check(path: &str, text: &str, expected: &str) {
    let findings = findings_in(&Source::new(path, text));
    let found: Vec<_> = findings.iter().map(|finding| finding.trim_start_matches(path)).collect();
    assert_eq!(found, if expected.is_empty() { vec![] } else { vec![expected] }, "{text}");
}

#[test]
fn a_planted_breach_is_found_and_text_is_not_taken_for_code() {
    check("core/src/a.rs", &"\n".repeat(501), ": 501 lines, more than 500");
    check("node/src/utils.rs", "", ": the name utils.rs says nothing");
    check("node/src/x.rs", "pub mod helpers;", ": the name helpers says nothing");
    check("core/tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}", ":2: #[ignore");
    check("core/src/a.rs", "fn a() {\n    todo!()\n}", ":2: todo!");
    check("core/src/a.rs", "// todo!\n/// 1 f64\nconst A: &str = r#\"dbg! \" f64\"#; const B: char = '\"';", "");
    check("node/src/a.rs", "fn a() {\n    b().unwrap();\n}", ":2: unwrap outside tests");
    check("node/src/a.rs", "#[cfg(test)]\nmod tests {\n    fn a() { b().unwrap(); }\n}", "");
    check("node/src/import/tests.rs", "fn a() { b().unwrap(); }", "");
    check("core/src/a.rs", "fn a(b: &'static str, c: f64) {}", ":1: a float in core");
    check("core/src/till/a.rs", "use redb::Database;", ":1: names the storage engine outside core's db");
    check("core/src/db/a.rs", "use redb::Database;", "");
    check("core/src/a.rs", "fn a() { serde_json::to_string(&1) }", ":1: names serde_json outside import_files");
    check("core/src/a.rs", "#[cfg(test)]\nmod tests { use serde_json::Value; }", "");
    check("core/src/import_files/a.rs", "use csv::Reader;\nuse serde_json::Value;", "");
    check("node/src/http/mod.rs", "use crate::sync::push;", ":1: http imports sync");
    check("node/src/http/mod.rs", "use crate::http::error;\nuse crate::wire::cli;", "");
    let long = format!("fn a() {{{}}}", "\n".repeat(70));
    check("core/src/a.rs", &long, ":1: a has 71 lines, more than 70");
    assert_eq!(
        dependencies("core", "[dependencies]\ntokio.workspace = true\n[x]\nhyper = 1"),
        ["core/Cargo.toml: depends on tokio"]
    );
    assert_eq!(
        dependencies("core", "[features]\ndefault = [\"a\"]\n[dependencies]\nserde_json.workspace = true"),
        ["core/Cargo.toml: depends on serde_json", "core/Cargo.toml: a feature that nobody asked for"]
    );
    let asked_for = "[features]\na = []\n[dependencies]\nserde_json = { workspace = true, optional = true }";
    assert_eq!(dependencies("core", asked_for), [""; 0]);
    assert_eq!(dependencies("core", "[dependencies]\ntokio = { workspace = true, optional = true }").len(), 1);
    assert_eq!(planted_bugs("core/Cargo.toml", "[features]\n# planted-bugs\nplanted-bugs = []"), [""; 0]);
    assert_eq!(planted_bugs("core/Cargo.toml", "default = [\"planted-bugs\"]").len(), 1);
    assert_eq!(planted_bugs("fuzz/Cargo.toml", "default = [\"planted-bugs\"]").len(), 1);
    assert_eq!(planted_bugs("node/Cargo.toml", "features = [\"planted-bugs\"]").len(), 1);
    assert_eq!(dependencies("node", "[dependencies]\ncounterfoil-sync-server = {}").len(), 1);
    assert_eq!(dependencies("node", "[dependencies]\n[dev-dependencies]\ncounterfoil-sync-server = {}").len(), 0);
}

#[test]
fn a_planted_use_of_what_stands_below_is_found() {
    let lib = Source::new("core/src/lib.rs", "pub mod money;\npub mod tax;\n// db\npub mod db;");
    let folder = Source::new("core/src/db/mod.rs", "pub(crate) mod row;\nmod apply;\nuse crate::tax::Tax;");
    let check = |path: &str, text: &str, expected: &[&str]| {
        let sources =
            [Source::new(&lib.path, &lib.text), Source::new(&folder.path, &folder.text), Source::new(path, text)];
        assert_eq!(use_below(&sources), expected, "{text}");
    };
    check("core/src/tax.rs", "use crate::money::Money;", &[]);
    check(
        "core/src/money.rs",
        "use std::{fmt};\n\nuse crate::{\n    money::Money, tax::{Tax, Base},\n};",
        &[
            "core/src/money.rs:3: money uses tax, declared below it",
            "core/src/money.rs:3: money uses tax, declared below it",
        ],
    );
    check(
        "core/src/money.rs",
        "fn a() { crate::db::open() }",
        &["core/src/money.rs:1: money uses db, declared below it"],
    );
    check("core/src/money.rs", "#[cfg(test)]\nmod tests { use crate::tax::Tax; }", &[]);
    check(
        "core/src/db/row.rs",
        "use crate::db::{Store, apply};",
        &["core/src/db/row.rs:1: row uses apply, declared below it"],
    );
    check(
        "core/src/db/row.rs",
        "use super::apply::apply;",
        &["core/src/db/row.rs:1: row uses apply, declared below it"],
    );
    check("core/src/db/apply.rs", "use super::row;\nuse crate::db::row::put;", &[]);
    check("core/src/new.rs", "", &["core/src/new.rs: new is not declared"]);
}
