//! `till report`: tables of what was sold, on the screen, as JSON or as a CSV file.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use counterfoil_core::import_files::reached::Reached;

use crate::cli::console::{Console, Form};
use crate::cli::show;
use crate::cli::shown::Shown;
use crate::failure::{Ending, Failure};
use crate::import::progress::Progress;
use crate::local::reach::Reach;
use crate::operations::Answer;
use crate::operations::sales_report::{ReadSalesReport, TableFormat};

/// What stays on the screen also where it is nothing in every row.
const KEPT: [&str; 6] = ["net", "tax", "gross", "amount", "taxable", "hour"];

/// Shows what was sold as a table: by day, hour, product, category, operator, tender or tax rate.
///
/// Refunds count negative, on their own day and in their own hour. Days and hours are those of the store's clock. The
/// margin is the net less the catalogue's cost of today, of those lines alone whose product has a cost. Columns in which
/// there is nothing are left out on the screen; JSON and CSV have them all.
#[derive(Debug, Args)]
pub struct Report {
    /// day, hour, product, category, operator, tender or tax-rate
    #[arg(long)]
    by: String,
    /// The first day, such as 2026-11-01 [default: that of the first sale]
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Writes all rows as CSV into this file, or - for standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["page", "limit"])]
    csv: Option<PathBuf>,
    /// Which page
    #[arg(long, default_value_t = 1)]
    page: usize,
    /// How many rows on a page
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

impl Report {
    /// Shows it.
    ///
    /// # Errors
    /// The till cannot be reached, the file cannot be written, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let Self { by, from, to, csv, page, limit } = self;
        let format = if csv.is_some() { TableFormat::Csv } else { TableFormat::Json };
        let read = ReadSalesReport { by, from, to, page, limit, format };
        let mut reach = console.reach()?;
        let answer = match &mut reach {
            Reach::Here(till) => {
                let bar = Progress::start("entries");
                let begun = read.begin(till, console.caller())?;
                begun.finish(&mut |done, total| bar.show(Reached { rows: done, done, total }))?
            }
            Reach::Served(_) => reach.perform(console.caller(), read),
        };
        match csv {
            Some(file) if answer.ending == Ending::Done => write_csv(console, &file, &answer),
            Some(_) | None => console.show(&answer, |table| show::fields(&without_empty_columns(table))),
        }
    }
}

fn write_csv(console: &Console, file: &Path, answer: &Answer) -> Result<Ending, Failure> {
    let table = Shown::read(&answer.json);
    let text = table.text("csv");
    if file == Path::new("-") {
        console.raw(&text)?;
        return Ok(Ending::Done);
    }
    fs::write(file, text).map_err(|error| Failure::io(file, &error))?;
    let rows = table.text("row_count");
    match console.form() {
        Form::Json => {
            console.line(&serde_json::json!({"file": file, "row_count": rows.parse::<u64>().ok()}).to_string())?
        }
        Form::Text => console.line(&format!("{rows} rows are in {}", file.display()))?,
    }
    Ok(Ending::Done)
}

/// The same table without the columns that say nothing in any row.
fn without_empty_columns(table: &Shown) -> Shown {
    let Shown::Fields(fields) = table else { return table.clone() };
    let fields = fields.iter().map(|(name, value)| (name.clone(), told(value)));
    Shown::Fields(fields.collect())
}

fn told(value: &Shown) -> Shown {
    let Shown::List(rows) = value else { return value.clone() };
    let is_told = |column: &str| KEPT.contains(&column) || rows.iter().any(|row| !is_nothing(&row.text(column)));
    let row = |row: &Shown| match row {
        Shown::Fields(cells) => Shown::Fields(cells.iter().filter(|(column, _)| is_told(column)).cloned().collect()),
        Shown::Plain(_) | Shown::List(_) => row.clone(),
    };
    Shown::List(rows.iter().map(row).collect())
}

fn is_nothing(text: &str) -> bool {
    text.chars().all(|character| matches!(character, '-' | '0' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_says_nothing_is_left_out() {
        let table = r#"{"by":"day","rows":[{"day":"a","net":"0.00","tips":"0.00","cost":null},{"day":"b","net":"0.00","tips":"-0.10","cost":null}],"none":[]}"#;
        let shown = show::fields(&without_empty_columns(&Shown::read(table)));
        assert_eq!(shown, "by    day\nnone  -\n\nrows\n  day  net   tips\n  a    0.00  0.00\n  b    0.00  -0.10\n");
    }
}
