//! What became of a file of products, as JSON:
//! `{"read","added","updated","unchanged","rejected":[{"row","field","value","reason"}],"warnings":[]}`.

use counterfoil_core::import_run::{ImportReport, RejectedRow};
use serde::{Deserialize, Serialize};

/// The report of an import; `read` is the sum of the four counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReportWire {
    /// Rows read.
    pub read: u64,
    /// Products that are new.
    pub added: u64,
    /// Products that changed.
    pub updated: u64,
    /// Products that were just so.
    pub unchanged: u64,
    /// Rows that were not imported.
    pub rejected: Vec<RejectedRowWire>,
    /// What was not as expected.
    pub warnings: Vec<String>,
}

/// A row that was not imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRowWire {
    /// The line of a CSV, the place from 1 in an array.
    pub row: u64,
    /// Which field.
    pub field: String,
    /// What it held.
    pub value: String,
    /// What was wrong with it.
    pub reason: String,
}

impl From<ImportReport> for ImportReportWire {
    fn from(report: ImportReport) -> Self {
        Self {
            read: report.read(),
            added: report.added,
            updated: report.updated,
            unchanged: report.unchanged,
            rejected: report.rejected.into_iter().map(RejectedRowWire::from).collect(),
            warnings: report.warnings,
        }
    }
}

impl From<RejectedRow> for RejectedRowWire {
    fn from(rejected: RejectedRow) -> Self {
        Self { row: rejected.row, field: rejected.field, value: rejected.value, reason: rejected.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_the_fields_that_others_rely_on() {
        let rejected = RejectedRow { row: 3, field: "price".into(), value: "x".into(), reason: "y".into() };
        let report = ImportReport { added: 1, rejected: vec![rejected], ..ImportReport::default() };
        let json = serde_json::to_string(&ImportReportWire::from(report)).unwrap();
        let expected = r#"{"read":2,"added":1,"updated":0,"unchanged":0,"rejected":[{"row":3,"field":"price","value":"x","reason":"y"}],"warnings":[]}"#;
        assert_eq!(json, expected);
    }
}
