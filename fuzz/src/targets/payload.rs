//! The payload of every event type and version: what decodes encodes to the same bytes; the rest is refused.
//!
//! A payload may come from a till with a stolen key, or from one with a defect, and is signed like any other. So what
//! head office and reprints do with it must hold too: fold it into the journal's state, project it, print it.

use counterfoil_core::document::Issued;
use counterfoil_core::event::{Event, GrantedByV1, JournalOpenedV1};
use counterfoil_core::id::Hash;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal_state::JournalState;
use counterfoil_core::receipt::{Print, document_text};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};

use super::draw::Draw;
use super::seeds::golden;
use super::shop::{JOURNAL, key, now, profile, series};
use super::{require_told, require_worded};

/// Event type, version, what time it has, and then the payload.
///
/// # Panics
/// A decoded payload is not what its bytes say, or something that reads it panics.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let (event_type, version) = (u16::from(draw.byte() % 16), if draw.byte() < 200 { 1 } else { 2 });
    let at = if draw.byte() < 200 { now(0) } else { odd_time(&mut draw) };
    let payload = draw.rest();
    let sealed = Entry::seal(JOURNAL, 7, Hash([2; 32]), at, event_type, version, payload);
    let Ok(entry) = sealed.map_err(|fault| require_worded(&fault)) else { return };
    match Event::decode(&entry) {
        Ok(Some(event)) => {
            assert!(version == 1 && event.event_type() == event_type);
            assert_eq!(event.encode(), payload, "{} is written in another way", event.code());
            read(&entry, &event);
        }
        Ok(None) => assert!(version != 1 || !(1..=11).contains(&event_type), "a known event is passed over"),
        Err(fault) => require_worded(&fault),
    }
}

fn odd_time(draw: &mut Draw<'_>) -> Now {
    let number = draw.number(8).to_be_bytes();
    let offset = draw.number(2).to_be_bytes();
    let offset = i16::from_be_bytes([offset[6], offset[7]]);
    Now { at: Timestamp(i64::from_be_bytes(number)), offset: ZoneOffset(offset) }
}

/// Everything that looks at an event which somebody signed.
fn read(entry: &Entry, event: &Event) {
    if let Event::JournalOpened(opened) = event {
        let state = JournalState::open(entry, opened);
        assert_eq!((state.seq, state.hash), (entry.seq(), entry.hash()));
    }
    if let Ok(state) = state().after(entry, Some(event)) {
        assert_eq!((state.seq, state.hash), (entry.seq(), entry.hash()));
        for series in &state.series {
            let _ =
                series.head.last_printed(&profile().store, &profile().till).map_err(|refusal| require_told(&refusal));
        }
    }
    if let Some(document) = event.document() {
        let _ = document.cash();
        let is_balanced = document.is_balanced();
        let issued = Issued { entry: entry.clone(), document: document.clone() };
        let text = document_text(&profile(), &issued, Print::Reprint);
        assert!(!is_balanced || text.is_ok(), "a balanced document cannot be printed: {text:?}");
    }
    let _ = format!("{event:?} {entry:?}");
}

fn state() -> JournalState {
    let opened = JournalOpenedV1 {
        profile: profile(),
        key: key().public_key(),
        predecessor: None,
        series: series(),
        granted_by: GrantedByV1::Till,
        session: None,
    };
    let payload = Event::JournalOpened(Box::new(opened.clone())).encode();
    let entry = Entry::seal(JOURNAL, 1, Hash::ZERO, now(0), 1, 1, &payload).expect("a small payload");
    let state = JournalState::open(&entry, &opened);
    let drawer = golden("drawer_opened");
    let entry = Entry::seal(JOURNAL, 2, entry.hash(), now(1), 7, 1, &drawer).expect("a small payload");
    let opened = Event::decode(&entry).expect("a golden payload").expect("a known event");
    state.after(&entry, Some(&opened)).expect("a drawer can be opened")
}
