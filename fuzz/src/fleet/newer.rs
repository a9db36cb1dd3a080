//! A till of a newer version: it writes entries of a type that head office does not know.
//!
//! Head office must keep such entries, chained and byte for byte, and count what it can read (invariant Y13). The till
//! here is a device of its own slot: its journal is opened by core's till, and a hand goes on with unknown entries.

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::JournalRequestV1;
use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::till::Till;
use counterfoil_node::folder::secret::journal_of;
use counterfoil_node::wire::sync::{SyncAnswer, VerdictWire};

use super::fault::FaultKind;
use super::office::Request;
use super::shop;
use super::world::{Role, World};

/// A type of entries that no version of this program knows.
const UNKNOWN_TYPE: u16 = 60_001;

impl World {
    /// A till of a newer version joins, writes what nobody here can read, and sends it.
    pub(crate) fn run_newer_till(&mut self) {
        if !self.office.is_up() {
            return;
        }
        let seat = self.add_device((shop::store_code("S01"), shop::till_code(90)), "Europe/Madrid");
        self.seats[seat].role = Role::Dead;
        let mut bytes = [0; 32];
        self.rng.fill(&mut bytes);
        let key = SigningKey::from_seed(bytes);
        let Some(entries) = self.newer_entries(seat, &key) else { return };
        let Ok(batch) = Batch::sign(&entries, &key) else { return };
        let answer = self.serve(None, seat, &Request::Post("/sync/batch".to_owned(), batch));
        let Some(Ok(answer)) = answer else { return };
        let verdict = serde_json::from_slice::<SyncAnswer>(&answer).ok().map(|answer| answer.verdict);
        self.fault(FaultKind::UnknownEntry);
        self.tell(format_args!("a newer till sends {} entries, of which one can be read: {verdict:?}", entries.len()));
        if verdict != Some(VerdictWire::Append) || !self.holds(journal_of(&key), &entries) {
            self.break_off("Y13", "head office did not keep entries of a type that it does not know as they are");
        }
    }

    fn newer_entries(&mut self, seat: usize, key: &SigningKey) -> Option<Vec<Entry>> {
        let token = self.make_token(seat)?;
        let request =
            JournalRequestV1 { journal: journal_of(key), key: key.public_key(), slot: None, predecessor: None };
        let request = Request::Enrol(token, Hash([1; 32]), request.sign(key).ok()?);
        let grant = self.serve(None, seat, &request)?.ok()?;
        let now = self.seats[seat].device.borrow().now();
        let till = Till::create_granted(InMemoryBackend::new(), key.clone(), &grant, now).ok()?;
        let opened = Batch::read(&till.batch(journal_of(key), 1).ok()??).ok()?.verify(&key.public_key()).ok()?;
        let mut entries = opened.entries().to_vec();
        for number in 0..self.rng.u8(1..5) {
            let payload = vec![number; usize::from(number) + 1];
            let (entry, _) = entries.last()?.head().append(now, UNKNOWN_TYPE, u16::from(number), &payload).ok()?;
            entries.push(entry);
        }
        Some(entries)
    }

    fn holds(&self, journal: JournalId, entries: &[Entry]) -> bool {
        let Some(store) = self.office.rows() else { return true };
        let held = store.read(|rows| rows.entries(journal, 1, entries.len().saturating_add(1)));
        held.is_ok_and(|held| held.iter().map(Entry::bytes).eq(entries.iter().map(Entry::bytes)))
    }
}
