//! The codes on receipts: made for the documents of this till, verified for those of any till of the company.

use crate::credit_note::{RefundedDocument, RefundedLine};
use crate::db::error::DbError;
use crate::db::look_up::{self, EntryRef, Tables};
use crate::db::master::{self, Shelf};
use crate::db::tables::META;
use crate::document::{DocumentV1, Issued};
use crate::event::{Event, GrantedByV1};
use crate::grant::GrantV1;
use crate::id::{JournalId, StoreCode, TillCode};
use crate::receipt_code::ReceiptCodeV1;
use crate::refusal::{Reason, Refusal};

use super::issued::{find_document, issued_at};
use super::{Till, TillError};

/// A document that a code proves, and what this till has refunded of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// The store that issued it.
    pub store: StoreCode,
    /// The till that issued it.
    pub till: TillCode,
    /// Its journal.
    pub journal: JournalId,
    /// Whether that is a journal of this till, which knows of every refund.
    pub is_own: bool,
    /// The document, as far as a refund needs it.
    pub document: DocumentV1,
    /// What this till has refunded of each of its lines.
    pub lines: Vec<RefundedLine>,
    /// What this till has refunded in all.
    pub refunded: RefundedDocument,
}

impl Till {
    /// The code to print on a document: none on what is no sale, on a till without head office, on a document whose journal's
    /// key is gone, and where a QR code would not hold it.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn receipt_code(&self, issued: &Issued) -> Result<Option<String>, TillError> {
        let tables = self.view()?;
        let journal = issued.entry.journal();
        for life in 1..=self.life {
            let state = look_up::state(&tables, life)?;
            if state.journal != journal {
                continue;
            }
            let Ok(key) = self.key_of(&state) else { return Ok(None) };
            let Some(certificate) = certificate(&tables, life)? else { return Ok(None) };
            let code = ReceiptCodeV1::of(&state.profile, state.key, &certificate, issued);
            return Ok(code.and_then(|code| code.sign(key)));
        }
        Ok(None)
    }

    /// Verifies the code on a receipt, of this till or of another of the same head office, with no network.
    ///
    /// # Errors
    /// `malformed`, or `wrong_document` where no till of this company signed it; or a failing or damaged store.
    pub fn verify_receipt_code(&self, code: &str) -> Result<VerifiedReceipt, TillError> {
        self.verify_receipt_code_with(&self.view()?, code)
    }

    pub(super) fn verify_receipt_code_with(
        &self,
        tables: &impl Tables,
        text: &str,
    ) -> Result<VerifiedReceipt, TillError> {
        let mut own = Vec::new();
        for life in 1..=self.life {
            let state = look_up::state(tables, life)?;
            own.push((state.journal, state.key));
        }
        let key_of = |journal| own.iter().find(|(known, _)| *known == journal).map(|(_, key)| *key);
        let head_office = tables.get(META, &"head_office")?;
        let code = ReceiptCodeV1::verify(text, key_of, head_office.as_ref())?;
        let currency = self.state.profile.currency;
        if code.currency != currency {
            let limit = format!("in {}, and this till counts in {currency}", code.currency);
            return Err(Refusal::new(Reason::WrongDocument, "code", &code.printed, limit).into());
        }
        let journal = code.issuer.journal;
        let is_own = key_of(journal).is_some();
        let found = if is_own { find_document(tables, code.printed.as_str())? } else { None };
        let (document, at) = match found {
            Some(at) => (issued_at(tables, at)?.document, at),
            None => (self.named(tables, code.as_document())?, look_up::elsewhere(journal, &code.printed)),
        };
        let (lines, refunded) = look_up::refunded(tables, at, &document)?;
        let (store, till) = (code.issuer.store, code.issuer.till);
        Ok(VerifiedReceipt { store, till, journal, is_own, document, lines, refunded })
    }

    /// The names and categories that the products have here.
    fn named(&self, tables: &impl Tables, mut document: DocumentV1) -> Result<DocumentV1, TillError> {
        let generation = look_up::feed_state(tables)?.active;
        let shelf = Shelf::of(&self.store.read()?)?;
        for line in &mut document.lines {
            let found = master::sellable(&shelf, generation, line.code.as_str(), &Vec::new)?;
            if let Some(known) = found.map(|found| found.product).filter(|product| product.code == line.code) {
                line.category = known.categories.first().cloned();
                line.name = known.name;
            }
        }
        Ok(document)
    }
}

/// Head office's certificate of a journal, from the grant in its first entry.
fn certificate(tables: &impl Tables, life: u16) -> Result<Option<Vec<u8>>, TillError> {
    let Some(entry) = look_up::entry(tables, EntryRef { life, seq: 1 })? else { return Ok(None) };
    let event = Event::decode(&entry).map_err(|fault| DbError::DamagedEntry { seq: 1, fault })?;
    let Some(Event::JournalOpened(opened)) = event else { return Ok(None) };
    let GrantedByV1::HeadOffice(grant) = opened.granted_by else { return Ok(None) };
    let certificate = GrantV1::verify(&grant)?.certificate;
    Ok((!certificate.is_empty()).then_some(certificate))
}
