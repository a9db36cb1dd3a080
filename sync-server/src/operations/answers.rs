//! Answers as JSON: fields that others rely on, amounts with their currency's digits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::id::{StoreCode, TillCode};
use counterfoil_core::journal::hello::RunningTotal;
use counterfoil_core::journal::parcel::{self, ItemKind};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::{Date, Now, ZoneOffset};
use serde_json::{Value, json};

use super::{Answer, Ending, OperationError};
use crate::audit::{self, Audit, Disputed, EvidenceAudit, JournalAudit, SeriesAudit, Unreceived};
use crate::ingest::Ingested;
use crate::office::Office;
use crate::report::{ReportDay, show};
use crate::verdict::Standing;

/// The journal request in a file: the signed document itself, or a parcel with one.
pub(super) fn request_of(bytes: &[u8]) -> Result<Vec<u8>, OperationError> {
    if !bytes.starts_with(b"CFX1") {
        return Ok(bytes.to_vec());
    }
    let request = parcel::open("what came", bytes)?.into_iter().find(|item| item.kind == ItemKind::JournalRequest);
    let missing = || Refusal::new(Reason::Missing, "journal-request", "", "a file that holds a journal request");
    Ok(request.ok_or_else(missing)?.bytes)
}

pub(super) fn ingest(ingested: &Ingested) -> Answer {
    let mut ending = Ending::Done;
    let mut items = Vec::new();
    for (kind, answer) in &ingested.answers {
        if !matches!(answer.verdict, "append" | "duplicate") {
            ending = Ending::Refused;
        }
        items.push(json!({
            "kind": if *kind == ItemKind::Hello { "hello" } else { "batch" },
            "journal": answer.journal.to_string(),
            "verdict": answer.verdict,
            "expected_seq": answer.expected_seq,
        }));
    }
    let parcel = ingested.parcel.as_ref().map(|bytes| STANDARD.encode(bytes));
    Answer { ending, body: json!({ "items": items, "acknowledgement": parcel }) }
}

pub(super) fn report(from: Date, to: Date, days: &[ReportDay], not_counted: &[Disputed]) -> Value {
    let day = |day: &ReportDay| {
        let amount = |minor: i128| show(minor, day.currency);
        let tenders: serde_json::Map<String, Value> =
            day.tenders.iter().map(|(kind, gross)| (kind.to_string(), json!(amount(*gross)))).collect();
        json!({
            "store": day.store,
            "date": day.date.to_string(),
            "currency": day.currency.code(),
            "documents": day.total.count,
            "net": amount(day.total.net),
            "tax": amount(day.total.tax),
            "gross": amount(day.total.gross),
            "rounding": amount(day.total.rounding),
            "cash": amount(day.total.cash),
            "tenders": tenders,
        })
    };
    json!({
        "from": from.to_string(),
        "to": to.to_string(),
        "days": days.iter().map(day).collect::<Vec<_>>(),
        "not_counted": not_counted.iter().map(disputed).collect::<Vec<_>>(),
    })
}

/// Audits, and tells it in the form of `till audit` with what head office knows besides.
pub(super) fn audit(office: &Office) -> Result<Answer, OperationError> {
    let found = office.store().read(audit::audit)?;
    let ending = if found.is_ok() { Ending::Done } else { Ending::Damaged };
    Ok(Answer { ending, body: audit_body(&found) })
}

fn audit_body(audit: &Audit) -> Value {
    let mut body = json!({
        "ok": audit.is_ok(),
        "journals": audit.journals.iter().map(journal).collect::<Vec<_>>(),
        "series": audit.series.iter().map(series).collect::<Vec<_>>(),
        "drawer_sessions": audit.drawer_sessions,
        "totals": audit.totals.iter().map(total).collect::<Vec<_>>(),
        "unreceived": audit.unreceived.iter().map(unreceived).collect::<Vec<_>>(),
        "disputed": audit.disputed.iter().map(disputed).collect::<Vec<_>>(),
        "evidence": audit.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "differences": audit.differences,
        "findings": audit.findings,
        "unread": audit.unread,
    });
    if let (Some(seq), Some(object)) = (audit.first_bad_seq, body.as_object_mut()) {
        object.insert("first_bad_seq".to_owned(), json!(seq));
    }
    body
}

fn journal(found: &JournalAudit) -> Value {
    json!({
        "journal": found.journal.to_string(),
        "store": found.store,
        "till": found.till,
        "entries": found.entries,
        "head": found.head,
        "chain": found.chain,
        "acknowledged": found.acknowledged,
        "quarantined": found.standing == Standing::Quarantined,
        "standing": standing(found.standing),
        "kept": found.kept,
    })
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "open",
        Standing::Closed => "closed",
        Standing::Revoked => "revoked",
        Standing::Quarantined => "quarantined",
    }
}

fn series(found: &SeriesAudit) -> Value {
    json!({
        "series": found.series.code,
        "kind": found.series.kind.code(),
        "store": found.store,
        "till": found.till,
        "first": found.series.first,
        "last": found.last,
        "issued": found.issued,
        "missing": found.missing,
        "kept": found.kept,
        "duplicates": found.duplicates,
    })
}

fn disputed(found: &Disputed) -> Value {
    json!({
        "journal": found.journal.to_string(),
        "store": found.store,
        "till": found.till,
        "standing": standing(found.standing),
        "entries": found.entries,
        "totals": found.totals.iter().map(total).collect::<Vec<_>>(),
    })
}

fn evidence(found: &EvidenceAudit) -> Value {
    json!({
        "journal": found.journal.to_string(),
        "store": found.store,
        "till": found.till,
        "of": found.of.code(),
        "seq": found.seq,
        "received": Now { at: found.received, offset: ZoneOffset(0) }.to_string(),
        "text": found.text,
    })
}

fn total(total: &RunningTotal) -> Value {
    let RunningTotal { currency, count, gross, tax, cash } = *total;
    json!({
        "currency": currency.code(),
        "documents": count,
        "gross": gross.show(currency),
        "tax": tax.show(currency),
        "cash": cash.show(currency),
    })
}

fn unreceived(found: &Unreceived) -> Value {
    let (store, till): (&StoreCode, &TillCode) = (&found.store, &found.till);
    let numbers: Vec<Value> =
        found.numbers.iter().map(|(series, from, to)| json!({ "series": series, "from": from, "to": to })).collect();
    json!({
        "journal": found.journal.to_string(),
        "store": store,
        "till": till,
        "from": found.from,
        "to": found.to,
        "totals": found.totals.iter().map(total).collect::<Vec<_>>(),
        "series": numbers,
    })
}
