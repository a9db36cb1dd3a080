//! Reading submitted objects: JSON Lines as they arrive, or one object spread over several lines.
//!
//! Lines are handed on as soon as they are there, and memory stays constant however long the stream is. Only at the
//! beginning may an object span lines, as an editor would write it: it is over when it is complete JSON. A line that is
//! a whole basket ends the waiting, so one broken line never swallows the sales after it.

use std::io::{BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::operations::sell::SubmittedLine;
use crate::wire::read::OBJECT_BYTES_MAX;

const LINES_AHEAD: usize = 256;

/// What is submitted, read by a thread of its own.
#[derive(Debug)]
pub struct Submissions {
    lines: Receiver<std::io::Result<SubmittedLine>>,
}

impl Submissions {
    /// Begins to read.
    #[must_use]
    pub fn read(input: Box<dyn BufRead + Send>) -> Self {
        let (sender, lines) = sync_channel(LINES_AHEAD);
        std::thread::spawn(move || {
            let ended = Reading { input, sender: &sender, number: 0 }.run();
            if let Err(Stopped::Io(error)) = ended {
                drop(sender.send(Err(error)));
            }
        });
        Self { lines }
    }

    /// Waits for the next line and takes those that are there already, at most `lines_max`; none at the end.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn take(&self, lines_max: usize) -> std::io::Result<Vec<SubmittedLine>> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        let mut next = self.lines.recv().ok();
        while let Some(line) = next {
            let line = line?;
            bytes += line.text.len();
            taken.push(line);
            let is_full = taken.len() >= lines_max || bytes >= OBJECT_BYTES_MAX;
            next = if is_full { None } else { self.lines.try_recv().ok() };
        }
        Ok(taken)
    }
}

enum Stopped {
    Io(std::io::Error),
    NobodyListens,
}

struct Reading<'a> {
    input: Box<dyn BufRead + Send>,
    sender: &'a SyncSender<std::io::Result<SubmittedLine>>,
    number: u64,
}

impl Reading<'_> {
    fn run(&mut self) -> Result<(), Stopped> {
        let mut may_span = true;
        while let Some(line) = self.next_line()? {
            let is_begun = may_span && !line.is_blank() && is_cut_short(&line.text);
            if !is_begun {
                may_span = may_span && line.is_blank();
                self.send(line)?;
                continue;
            }
            may_span = self.gather(line)?;
        }
        Ok(())
    }

    /// Gathers the lines of one object; false where they turn out to be lines of their own.
    fn gather(&mut self, first: SubmittedLine) -> Result<bool, Stopped> {
        let number = first.number;
        let mut text = first.text.clone();
        let mut lines = vec![first];
        while let Some(line) = self.next_line()? {
            // A line end outside a string is the same as a space; inside a string it is no JSON either way.
            text.push(' ');
            text.push_str(&line.text);
            let is_own = is_whole_basket(&line.text);
            lines.push(line);
            if is_own || text.len() > OBJECT_BYTES_MAX {
                return self.send_each(lines);
            }
            let ends = text.trim_end().ends_with('}');
            match serde_json::from_str::<IgnoredAny>(&text) {
                Ok(_) => return self.send(SubmittedLine { number, text }).map(|()| true),
                Err(error) if !error.is_eof() && ends => return self.send_each(lines),
                Err(_) => {}
            }
        }
        self.send(SubmittedLine { number, text }).map(|()| true)
    }

    fn send_each(&self, lines: Vec<SubmittedLine>) -> Result<bool, Stopped> {
        lines.into_iter().try_for_each(|line| self.send(line)).map(|()| false)
    }

    fn send(&self, line: SubmittedLine) -> Result<(), Stopped> {
        self.sender.send(Ok(line)).map_err(|_| Stopped::NobodyListens)
    }

    /// The next line. One that is too long is cut just past the limit, so that it is refused; what is not UTF-8 begins
    /// with a character that no JSON begins with.
    fn next_line(&mut self) -> Result<Option<SubmittedLine>, Stopped> {
        let mut bytes = Vec::new();
        let limit = OBJECT_BYTES_MAX as u64 + 2;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut bytes).map_err(Stopped::Io)?;
        if read == 0 {
            return Ok(None);
        }
        if bytes.last() != Some(&b'\n') && read as u64 == limit {
            self.input.skip_until(b'\n').map_err(Stopped::Io)?;
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        self.number += 1;
        let text = String::from_utf8(bytes);
        let text = text.unwrap_or_else(|error| format!("\u{FFFD}{}", String::from_utf8_lossy(error.as_bytes())));
        Ok(Some(SubmittedLine { number: self.number, text }))
    }
}

/// Whether the text is the beginning of an object and not all of it.
fn is_cut_short(text: &str) -> bool {
    let is_object = text.trim_start().starts_with('{');
    is_object && serde_json::from_str::<IgnoredAny>(text).is_err_and(|error| error.is_eof())
}

fn is_whole_basket(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Outline {
        lines: Option<IgnoredAny>,
        refund_of: Option<IgnoredAny>,
    }
    serde_json::from_str::<Outline>(text).is_ok_and(|outline| outline.lines.is_some() || outline.refund_of.is_some())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn check(input: &[u8], expected: &[(u64, &str)]) {
        let submissions = Submissions::read(Box::new(Cursor::new(input.to_vec())));
        let mut found = Vec::new();
        loop {
            let some = submissions.take(3).unwrap();
            if some.is_empty() {
                break;
            }
            found.extend(some.into_iter().filter(|line| !line.is_blank()).map(|line| (line.number, line.text)));
        }
        let expected: Vec<_> = expected.iter().map(|(number, text)| (*number, (*text).to_owned())).collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(input));
    }

    #[test]
    fn each_line_is_an_object_and_keeps_its_number() {
        check(b"", &[]);
        check(b"\n\n", &[]);
        check(b"{\"lines\":[]}\r\n\n{\"b\":1}", &[(1, "{\"lines\":[]}"), (3, "{\"b\":1}")]);
        check(b"not json\n{}\n{\n}\n", &[(1, "not json"), (2, "{}"), (3, "{"), (4, "}")]);
    }

    #[test]
    fn an_object_may_span_lines_at_the_beginning() {
        check(
            b"\n{\n \"id\": \"a\",\n \"lines\": [\n  {}\n ]\n}\n",
            &[(2, "{  \"id\": \"a\",  \"lines\": [   {}  ] }")],
        );
        check(b"{\n}\n{\n}\n", &[(1, "{ }"), (3, "{ }")]);
        check(b"{\n\"a\":", &[(1, "{ \"a\":")]);
    }

    #[test]
    fn a_broken_first_line_does_not_swallow_the_sales_after_it() {
        let (broken, whole) = ("{\"id\":\"a\",\"lines\":[", "{\"id\":\"b\",\"lines\":[]}");
        check(format!("{broken}\n{whole}\n{whole}\n").as_bytes(), &[(1, broken), (2, whole), (3, whole)]);
    }

    #[test]
    fn what_is_too_long_or_no_text_is_handed_on_to_be_refused() {
        let long = format!("\"{}\"", "x".repeat(OBJECT_BYTES_MAX + 100));
        let submissions = Submissions::read(Box::new(Cursor::new(format!("{long}\n{{}}\n"))));
        let first = submissions.take(1).unwrap();
        assert!(first[0].text.len() > OBJECT_BYTES_MAX && first[0].text.len() < OBJECT_BYTES_MAX + 10);
        assert_eq!(submissions.take(9).unwrap()[0], SubmittedLine { number: 2, text: "{}".to_owned() });
        check(b"{\"a\":\"\xff\"}\n", &[(1, "\u{FFFD}{\"a\":\"\u{FFFD}\"}")]);
    }
}
