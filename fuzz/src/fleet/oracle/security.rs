//! X1 to X5 and X11: what is hostile changes nothing, tokens work once, PINs are not guessed.

use super::ledger::{Ledger, WRONG_PIN, short};
use super::{Check, Findings};
use crate::fleet::history::{AttackKind, Grant, PinTried, Seen, Verdict, What};

/// Wrong PINs that cost no waiting.
const FREE_TRIES: u32 = 4;
const FIRST_WAIT_MS: i64 = 30_000;
const WAIT_MS_MAX: i64 = 86_400_000;

/// Checks an attack, a grant, a PIN or a word of an ended journal.
pub(super) fn before(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    match &seen.what {
        What::Attack(attack) => {
            let check = match attack.kind {
                AttackKind::Forged | AttackKind::Replayed | AttackKind::ForgedAnswer => Check::X1,
                AttackKind::Foreign => Check::X5,
                AttackKind::TokenAgain => Check::X3,
                AttackKind::OtherKind => Check::X11,
            };
            findings.check(check, !attack.was_taken, || format!("{:?} was taken as good", attack.kind));
        }
        What::Granted(grant) => token_works_once(ledger, grant, findings),
        What::Pin(tried) => pins_are_bounded(ledger, tried, seen.at_ms, findings),
        What::Verdict(verdict) => ended_does_not_grow(ledger, verdict, findings),
        _ => {}
    }
}

fn token_works_once(ledger: &Ledger, grant: &Grant, findings: &mut Findings) {
    let before = ledger.grants.iter().find(|known| !grant.token.is_empty() && known.token == grant.token);
    findings.check(Check::X3, before.is_none_or(|known| known.journal == grant.journal), || {
        let first = before.map(|known| short(known.journal)).unwrap_or_default();
        format!("one token has granted {first} and {}", short(grant.journal))
    });
}

/// X4: after four free tries each wrong PIN costs waiting, twice as long each time, whatever was switched off between.
fn pins_are_bounded(ledger: &Ledger, tried: &PinTried, at_ms: i64, findings: &mut Findings) {
    findings.check(Check::X4, tried.is_right || !tried.is_let_in, || {
        format!("{} was let in at till {} with a wrong PIN", tried.operator, tried.device)
    });
    let key = (tried.device, tried.operator.clone());
    let Some((wrong, last_ms)) = ledger.wrong_pins.get(&key).copied() else { return };
    // Waiting is measured by the till's own clock; one that somebody has set proves nothing here.
    let is_clock_set = ledger.truth.clock_set_ms.get(&tried.device).is_some_and(|set_ms| *set_ms >= last_ms);
    let is_compared = tried.is_let_in || tried.code == WRONG_PIN;
    if wrong <= FREE_TRIES || is_clock_set || !is_compared {
        return;
    }
    let wait = FIRST_WAIT_MS.saturating_mul(1 << (wrong - FREE_TRIES - 1).min(20)).min(WAIT_MS_MAX);
    findings.check(Check::X4, at_ms - last_ms >= wait, || {
        let waited = at_ms - last_ms;
        format!(
            "a PIN of {} was compared {waited} ms after the {wrong}th wrong one at till {}",
            tried.operator, tried.device
        )
    });
}

/// X2: what comes of an ended journal is kept and not counted.
fn ended_does_not_grow(ledger: &Ledger, verdict: &Verdict, findings: &mut Findings) {
    if !ledger.truth.ended.contains_key(&verdict.journal) {
        return;
    }
    let held = ledger.holds.get(&verdict.journal).copied().unwrap_or(verdict.held);
    let is_known =
        matches!(verdict.code.as_str(), "closed" | "revoked" | "bad_signature" | "unknown_journal" | "broken_chain");
    findings.check(Check::X2, is_known && verdict.held <= held, || {
        let (code, now) = (&verdict.code, verdict.held);
        format!("{} was ended at entry {held}, and now is {code} with {now}", short(verdict.journal))
    });
}
