//! A progress bar on stderr, shown only where stderr is a terminal.

use counterfoil_core::import_files::reached::Reached;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How many rows pass between two looks at the clock.
const ROWS_PER_STEP: u64 = 100;

/// The bar of one import; it is gone when dropped.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    what: &'static str,
}

impl Progress {
    /// Begins to count `what`.
    #[must_use]
    pub(super) fn start(what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{msg} [{bar:40}] {percent} % {elapsed}, {eta} left");
        let bar = style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style.progress_chars("=> ")));
        Self { bar, what }
    }

    /// So far.
    pub(super) fn show(&self, reached: Reached) {
        if reached.rows.is_multiple_of(ROWS_PER_STEP) || reached.done == reached.total {
            self.bar.set_length(reached.total);
            self.bar.set_position(reached.done);
            self.bar.set_message(format!("{} {}", reached.rows, self.what));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
