//! Reads Rust text far enough to check house rules: what is code, what is a test, which paths a file uses.

/// A file of the workspace.
pub(crate) struct Source {
    /// From the workspace's root, with `/`.
    pub(crate) path: String,
    /// As written.
    pub(crate) text: String,
    /// The text with comments and the insides of literals blanked; lines stay where they are.
    pub(crate) code: String,
    /// The code without what stands under `#[cfg(test)]`.
    pub(crate) program: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = blank_literals_and_comments(text);
        let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
        let program = if is_test { String::new() } else { blank_tests(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, program }
    }

    /// The lines, from 1, on which a word stands by itself in `code`.
    pub(crate) fn lines_with(code: &str, word: &str) -> Vec<usize> {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let stands_alone = |at: usize| {
            let before = code[..at].chars().next_back();
            let after = code[at + word.len()..].chars().next();
            let joins_before = before.is_some_and(is_part) && word.starts_with(is_part);
            let joins_after = after.is_some_and(is_part) && word.ends_with(is_part);
            !joins_before && !joins_after
        };
        let found = code.match_indices(word).filter(|(at, _)| stands_alone(*at));
        found.map(|(at, _)| line_of(code, at)).collect()
    }

    /// The module of a package that the file belongs to, under `folder`: `db` for `core/src/db/row.rs`.
    pub(crate) fn module_under(&self, folder: &str) -> Option<&str> {
        let inside = self.path.strip_prefix(folder)?;
        Some(inside.split_once('/').map_or_else(|| inside.trim_end_matches(".rs"), |(module, _)| module))
    }
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Everything that is no code becomes spaces; line ends stay.
fn blank_literals_and_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = literal_or_comment(rest);
        match length {
            0 if next.is_alphanumeric() || next == '_' => {
                // A whole word at once, so that the `r` of `for"` is never taken for the start of a raw string.
                let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                code.push_str(&rest[..word]);
                rest = &rest[word..];
            }
            0 => {
                code.push(next);
                rest = &rest[next.len_utf8()..];
            }
            _ => {
                code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
                rest = &rest[length..];
            }
        }
    }
    code
}

/// The length of the literal or comment that the text begins with; 0 where it begins with code.
fn literal_or_comment(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |end| end + 2);
    }
    let prefix = ["br", "b", "r", "c"].into_iter().find(|prefix| text.starts_with(prefix)).unwrap_or("");
    let quoted = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = quoted.len() - quoted.trim_start_matches('#').len();
        if quoted[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = prefix.len() + hashes + 1;
            return text[start..].find(&end).map_or(text.len(), |at| start + at + end.len());
        }
        return 0;
    }
    if quoted.starts_with('"') {
        return prefix.len() + closed(quoted, '"').unwrap_or(quoted.len());
    }
    if quoted.starts_with('\'') && prefix != "c" {
        let mut inside = quoted[1..].chars();
        let (first, second) = (inside.next(), inside.next());
        // A lifetime has no closing quote behind its first character.
        if first == Some('\\') || second == Some('\'') {
            return prefix.len() + closed(quoted, '\'').unwrap_or(quoted.len());
        }
    }
    0
}

/// The length of a quoted text with its quotes, a backslash hiding what follows it.
fn closed(quoted: &str, quote: char) -> Option<usize> {
    let mut is_hidden = false;
    for (at, character) in quoted.char_indices().skip(1) {
        match character {
            _ if is_hidden => is_hidden = false,
            '\\' => is_hidden = true,
            _ if character == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn blank_tests(code: &str) -> String {
    let mut program = code.to_owned();
    while let Some(start) = program.find("#[cfg(test)]") {
        let body = program[start..].find(['{', ';']).map_or(program.len(), |at| start + at);
        let end = block_end(&program, body).unwrap_or(program.len().min(body + 1));
        let blank: String = program[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        program.replace_range(start..end, &blank);
    }
    program
}

/// The end of the block whose `{` stands at `open`.
pub(crate) fn block_end(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in code.get(open..)?.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (character == '}').then_some(open + at + 1);
        }
    }
    None
}

/// The paths that begin with `root` (`crate` or `super`), one for each leaf of a `use` tree, each with its line.
pub(crate) fn paths(code: &str, root: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&format!("{root}::")) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let mut leaves = Vec::new();
        read_tree(&code[at + root.len()..], Vec::new(), &mut leaves);
        found.extend(leaves.into_iter().map(|leaf| (line_of(code, at), leaf)));
    }
    found
}

/// Reads `::segment::{a, b::c}` and gives the rest of the text.
fn read_tree<'a>(text: &'a str, before: Vec<String>, leaves: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = before;
    let mut rest = text;
    while let Some(after) = rest.strip_prefix("::") {
        if let Some(group) = after.strip_prefix('{') {
            let mut inside = group.trim_start();
            while !inside.is_empty() && !inside.starts_with('}') {
                let segment = inside.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inside.len());
                let mut inner = path.clone();
                inner.push(inside[..segment].to_owned());
                let left = read_tree(&inside[segment..], inner, leaves);
                inside = left.find([',', '}']).map_or("", |at| &left[at..]);
                inside = inside.trim_start_matches(',').trim_start();
            }
            return inside.strip_prefix('}').unwrap_or(inside);
        }
        let segment = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
        path.push(after[..segment].to_owned());
        rest = &after[segment..];
    }
    leaves.push(path);
    rest
}
