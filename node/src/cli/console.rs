//! Where a command stands: its data folder, its caller, and the form in which answers are shown.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use counterfoil_core::refusal::{Reason, Refusal};

use crate::caller::Caller;
use crate::cli::shown::Shown;
use crate::cli::{Global, show};
use crate::failure::{Ending, Failure};
use crate::folder::Folder;
use crate::local::reach::Reach;
use crate::operations::{Answer, Operation};

const PIN_BYTES_MAX: u64 = 1_024;
const BROKEN_PIPE: &str = "broken_pipe";

/// In which form answers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON on one line each.
    Json,
    /// Text for people.
    Text,
}

/// The global options, read.
#[derive(Debug)]
pub struct Console {
    folder: Option<Folder>,
    form: Form,
    caller: Caller,
    pin_of_file: Option<String>,
    has_read_stdin: bool,
}

impl Console {
    /// A console in that folder and form, on which nobody has been named yet.
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let form = if global.json { Form::Json } else { Form::Text };
        let pin_files = [&global.pin_file, &global.approval_pin_file];
        let has_read_stdin = pin_files.into_iter().flatten().any(|path| is_stdin(path));
        let folder = global.data.clone().map(Folder::at);
        Self { folder, form, caller: Caller::default(), pin_of_file: None, has_read_stdin }
    }

    /// Reads who calls.
    ///
    /// # Errors
    /// An operator code that is none, or a PIN that cannot be read.
    pub fn read_caller(&mut self, global: &Global) -> Result<(), Failure> {
        self.caller.operator = global.operator.as_deref().map(str::parse).transpose()?;
        self.pin_of_file = global.pin_file.as_deref().map(read_pin).transpose()?;
        self.caller.pin = self.pin_of_file.clone().or_else(|| std::env::var("TILL_PIN").ok());
        let of_approver =
            |refusal: Refusal| Refusal::new(refusal.reason(), "approved_by", refusal.value(), refusal.limit());
        self.caller.approver = global.approved_by.as_deref().map(str::parse).transpose().map_err(of_approver)?;
        let approval_pin = global.approval_pin_file.as_deref().map(read_pin).transpose()?;
        self.caller.approval_pin = approval_pin.or_else(|| std::env::var("TILL_APPROVAL_PIN").ok());
        Ok(())
    }

    /// The data folder.
    ///
    /// # Errors
    /// None was named and this user has none.
    pub fn folder(&self) -> Result<Folder, Failure> {
        self.folder.clone().map_or_else(Folder::of_user, Ok)
    }

    /// The form of answers.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Who calls.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The same console for a caller whose PIN came another way.
    #[must_use]
    pub fn with_pin(&self, pin: Option<String>) -> Self {
        let caller = Caller { pin, ..self.caller.clone() };
        let Self { folder, form, has_read_stdin, .. } = self;
        Self { folder: folder.clone(), form: *form, caller, pin_of_file: None, has_read_stdin: *has_read_stdin }
    }

    /// The PIN that came by `--pin-file`.
    #[must_use]
    pub fn pin_of_file(&self) -> Option<String> {
        self.pin_of_file.clone()
    }

    /// The till of the folder.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn reach(&self) -> Result<Reach, Failure> {
        Reach::of(&self.folder()?)
    }

    /// Opens a file, or standard input for `-` or no name.
    ///
    /// # Errors
    /// The file cannot be opened, or standard input has been read for the PIN.
    pub fn open_input(&self, path: Option<&Path>) -> Result<Box<dyn BufRead + Send>, Failure> {
        match path.filter(|path| !is_stdin(path)) {
            Some(path) => open_file(path),
            None if self.has_read_stdin => {
                Err(Failure::Usage("standard input cannot hold both the PIN and the baskets".to_owned()))
            }
            None => Ok(Box::new(BufReader::new(io::stdin()))),
        }
    }

    /// Refuses an input in which there was nothing.
    ///
    /// # Errors
    /// `missing`, where no basket was given.
    pub fn require_some(baskets: usize) -> Result<(), Refusal> {
        match baskets {
            0 => Err(Refusal::new(Reason::Missing, "basket", "", "at least one, in a file or on standard input")),
            _ => Ok(()),
        }
    }

    /// Asks one operation and shows its answer.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn ask<O: Operation>(&self, operation: O, text: fn(&Shown) -> String) -> Result<Ending, Failure> {
        let answer = self.reach()?.perform(&self.caller, operation);
        self.show(&answer, text)
    }

    /// Shows an answer: as it is, or as text for people.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn show(&self, answer: &Answer, text: impl FnOnce(&Shown) -> String) -> Result<Ending, Failure> {
        match self.form {
            Form::Json => self.line(&answer.json)?,
            Form::Text => {
                let value = Shown::read(&answer.json);
                match (show::refusal(&value), show::error(&value)) {
                    (Some(refused), _) => self.line(&refused)?,
                    (None, Some(error)) => eprintln!("{error}"),
                    (None, None) => self.line(text(&value).trim_end_matches('\n'))?,
                }
            }
        }
        Ok(answer.ending)
    }

    /// Writes one line to standard output.
    ///
    /// # Errors
    /// It is closed.
    pub fn line(&self, text: &str) -> Result<(), Failure> {
        writeln!(io::stdout().lock(), "{text}").map_err(|error| closed_output(&error))
    }

    /// Writes a text to standard output as it is.
    ///
    /// # Errors
    /// It is closed.
    pub fn raw(&self, text: &str) -> Result<(), Failure> {
        io::stdout().lock().write_all(text.as_bytes()).map_err(|error| closed_output(&error))
    }

    /// Tells a failure: a refusal on standard output, others as text on stderr, with `--json` all on standard output.
    #[must_use]
    pub fn tell(&self, failure: &Failure) -> Ending {
        let told = match (self.form, failure) {
            // Whoever read has seen enough, as `head` has.
            (_, Failure::Damaged(damage)) if damage.code == BROKEN_PIPE => Ok(()),
            (Form::Json, _) => self.line(&failure.json()),
            (Form::Text, Failure::Refused(_)) => self.line(&failure.to_string()),
            (Form::Text, Failure::Usage(_) | Failure::Damaged(_)) => {
                eprintln!("{failure}");
                Ok(())
            }
        };
        // Where nothing can be told, the exit code still tells.
        drop(told);
        failure.ending()
    }
}

fn closed_output(error: &io::Error) -> Failure {
    let code = if error.kind() == io::ErrorKind::BrokenPipe { BROKEN_PIPE } else { "io" };
    Failure::damaged(code, format!("standard output: {error}"))
}

/// Whether a named file means standard input.
fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn open_file(path: &Path) -> Result<Box<dyn BufRead + Send>, Failure> {
    let file = File::open(path).map_err(|error| Failure::io(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Reads a PIN: the first line of a file, or of standard input for `-`.
///
/// # Errors
/// It cannot be read.
pub fn read_pin(path: &Path) -> Result<String, Failure> {
    let input = if is_stdin(path) { Box::new(BufReader::new(io::stdin())) } else { open_file(path)? };
    let mut text = String::new();
    input.take(PIN_BYTES_MAX).read_line(&mut text).map_err(|error| Failure::io(path, &error))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
