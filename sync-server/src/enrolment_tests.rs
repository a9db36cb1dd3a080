use counterfoil_core::grant::PredecessorV1;
use counterfoil_core::id::{CountryCode, Name, StoreCode, TillCode};
use counterfoil_core::money::Money;

use super::*;

const NOW: Timestamp = Timestamp(1_795_248_000_000);
const FIRST: Epoch = Epoch { counter: 1, random: [1; 8] };

fn store() -> StoreCode {
    StoreCode::new("S01").unwrap()
}

fn till() -> TillCode {
    TillCode::new("T01").unwrap()
}

fn request(seed: u8) -> JournalRequestV1 {
    let key = SigningKey::from_seed([seed; 32]).public_key();
    JournalRequestV1 { journal: JournalId([seed; 16]), key, slot: None, predecessor: None }
}

fn token() -> TokenRecord {
    TokenRecord { store: store(), till: till(), epoch: FIRST, expires: Timestamp(NOW.0 + 1), used: None, refused: 0 }
}

fn context() -> GrantContext {
    GrantContext {
        token: Some(token()),
        slot: Some(SlotRecord {
            store: store(),
            till: till(),
            has_history: false,
            is_revoked: false,
            suffixes: 0,
            journal: None,
        }),
        store: Some(StoreRecord {
            store: store(),
            currency: "EUR".parse().unwrap(),
            country: CountryCode::new("ES").unwrap(),
            zone: Name::new("Europe/Madrid").unwrap(),
            prices_include_tax: true,
        }),
        granted: None,
        granted_standing: None,
        has_begun: false,
        predecessor: None,
        epoch: FIRST,
    }
}

fn decide_by_token(context: &GrantContext, request: &JournalRequestV1) -> GrantDecision {
    decide_by(context, request, Right::Token { certificate: "PEM", tls_key: Hash([7; 32]) })
}

fn decide_by(context: &GrantContext, request: &JournalRequestV1, right: Right<'_>) -> GrantDecision {
    let key = SigningKey::from_seed([99; 32]);
    decide(context, request, right, Granting { key: &key, now: NOW, year_in: |_, _| 2026, fresh: [5; 8] }).unwrap()
}

fn change(decision: GrantDecision) -> GrantChange {
    let GrantDecision::Grant(change) = decision else { panic!("{decision:?}") };
    *change
}

fn refusal(decision: GrantDecision) -> (String, Option<TokenRecord>) {
    let GrantDecision::Refuse { refusal, token } = decision else { panic!("{decision:?}") };
    (format!("{}: {}", refusal.code(), refusal.value()), token.map(|token| *token))
}

#[test]
fn suffixes_count_in_letters_and_a_later_epoch_marks_them() {
    for (given_before, counter, expected) in [
        (0, 1, "A"),
        (25, 1, "Z"),
        (26, 1, "AA"),
        (51, 1, "AZ"),
        (52, 1, "BA"),
        (701, 1, "ZZ"),
        (702, 1, "AAA"),
        (2, 3, "C3"),
    ] {
        assert_eq!(suffix(given_before, Epoch { counter, random: [0; 8] }), expected);
    }
    assert!(suffix(u32::MAX, Epoch { counter: u64::MAX, random: [0; 8] }).ends_with("18446744073709551615"));
}

#[test]
fn a_good_token_grants_every_kind_for_two_years_and_is_used_up() {
    let change = change(decide_by_token(&context(), &request(1)));
    let grant = GrantV1::verify(&change.granted.grant).unwrap();
    let codes: Vec<_> = grant.series.iter().map(|series| series.code.as_str()).collect();
    assert_eq!(codes[..5], ["S01-T01-R26A", "S01-T01-F26A", "S01-T01-C26A", "S01-T01-Z26A", "S01-T01-N26A"]);
    assert_eq!(codes[5..], ["S01-T01-R27A", "S01-T01-F27A", "S01-T01-C27A", "S01-T01-Z27A", "S01-T01-N27A"]);
    assert_eq!((grant.profile.till.as_str(), grant.journal), ("T01", JournalId([1; 16])));
    assert_eq!((change.slot.suffixes, change.slot.journal), (1, Some(JournalId([1; 16]))));
    assert_eq!(change.token.unwrap().used.unwrap().certificate, "PEM");
    assert_eq!((change.closed, change.expected.len()), (None, 1));
}

#[test]
fn the_same_keys_get_the_same_answer_and_any_other_is_refused_and_counted() {
    let granted = change(decide_by_token(&context(), &request(1)));
    let after =
        GrantContext { token: granted.token, slot: Some(granted.slot), granted: Some(granted.granted), ..context() };
    assert!(matches!(decide_by_token(&after, &request(1)), GrantDecision::Repeat { .. }));
    let (text, token) = refusal(decide_by_token(&after, &request(2)));
    assert_eq!((text.as_str(), token.unwrap().refused), ("token_invalid: used by another key", 1));
    let other_certificate = Right::Token { certificate: "PEM", tls_key: Hash([8; 32]) };
    assert_eq!(refusal(decide_by(&after, &request(1), other_certificate)).0, "token_invalid: used by another key");
    let late = GrantContext { token: after.token.clone().map(|token| TokenRecord { expires: NOW, ..token }), ..after };
    assert!(matches!(decide_by_token(&late, &request(1)), GrantDecision::Repeat { .. }));
}

#[test]
fn a_token_that_is_no_good_is_told_so() {
    let check = |token: Option<TokenRecord>, expected: &str| {
        let context = GrantContext { token, ..context() };
        assert_eq!(refusal(decide_by_token(&context, &request(1))), (expected.to_owned(), None));
    };
    check(None, "token_invalid: unknown");
    check(Some(TokenRecord { expires: NOW, ..token() }), "token_invalid: expired");
    let epoch = Epoch { counter: 1, random: [2; 8] };
    check(Some(TokenRecord { epoch, ..token() }), "token_invalid: from before head office was restored");
}

#[test]
fn a_slot_grants_only_to_its_own_till_and_not_once_it_is_revoked() {
    let asked = |store: &str, till: &str| JournalRequestV1 {
        slot: Some((StoreCode::new(store).unwrap(), TillCode::new(till).unwrap())),
        ..request(1)
    };
    assert_eq!(change(decide_by_token(&context(), &asked("S01", "T01"))).expected.len(), 1);
    assert_eq!(refusal(decide_by_token(&context(), &asked("S01", "T02"))).0, "declined: S01/T02 was asked for");
    let mut revoked = context();
    revoked.slot.as_mut().unwrap().is_revoked = true;
    assert_eq!(refusal(decide_by_token(&revoked, &request(1))).0, "declined: S01/T01 is revoked");
    let nowhere = GrantContext { slot: None, token: None, ..context() };
    assert_eq!(refusal(decide_by(&nowhere, &request(1), Right::Administrator)).0, "missing: ");
}

#[test]
fn the_next_journal_of_a_slot_has_the_next_suffix_and_ends_the_one_before() {
    let first = change(decide_by_token(&context(), &request(1)));
    let ended = PredecessorV1 {
        journal: JournalId([1; 16]),
        key: request(1).key,
        seq: 5,
        hash: Hash([5; 32]),
        perpetual_gross: Money::ZERO,
        sessions: 1,
    };
    let next = JournalRequestV1 { predecessor: Some(ended.clone()), ..request(2) };
    let known =
        GrantContext { token: None, slot: Some(first.slot), predecessor: Some(first.expected[0].clone()), ..context() };
    let second = change(decide_by(&known, &next, Right::EndedJournal));
    assert_eq!((second.granted.suffix.as_str(), second.closed), ("B", Some(JournalId([1; 16]))));
    assert_eq!(second.expected.len(), 1);
    let other_key = PredecessorV1 { key: request(3).key, ..ended.clone() };
    let foreign = JournalRequestV1 { predecessor: Some(other_key), ..request(2) };
    assert!(refusal(decide_by(&known, &foreign, Right::EndedJournal)).0.starts_with("id_reused"));
    let alone = GrantContext { predecessor: None, ..known };
    let forgotten = change(decide_by(&alone, &next, Right::EndedJournal));
    assert_eq!(
        (forgotten.expected.len(), forgotten.granted.suffix.as_str()),
        (2, "B2"),
        "what was forgotten stays free"
    );
    assert_eq!((forgotten.epoch, second.epoch), (Some(Epoch { counter: 2, random: [5; 8] }), None));
}

#[test]
fn a_till_that_was_on_its_own_gets_no_series_that_it_gave_itself() {
    let own = PredecessorV1 {
        journal: JournalId([9; 16]),
        key: request(9).key,
        seq: 80,
        hash: Hash([5; 32]),
        perpetual_gross: Money::ZERO,
        sessions: 1,
    };
    let joining = change(decide_by_token(&context(), &JournalRequestV1 { predecessor: Some(own), ..request(1) }));
    assert_eq!((joining.granted.suffix.as_str(), joining.slot.suffixes, joining.epoch), ("B", 2, None));
    assert_eq!(joining.series[0].code.as_str(), "S01-T01-R26B");
}

#[test]
fn an_administrator_repeats_a_grant_and_never_gives_one_id_to_two_keys() {
    let context = GrantContext { token: None, ..context() };
    let first = change(decide_by(&context, &request(1), Right::Administrator));
    let after = GrantContext { slot: Some(first.slot), granted: Some(first.granted), ..context };
    assert!(matches!(decide_by(&after, &request(1), Right::Administrator), GrantDecision::Repeat { .. }));
    let thief = JournalRequestV1 { key: request(2).key, ..request(1) };
    assert!(refusal(decide_by(&after, &thief, Right::Administrator)).0.starts_with("id_reused"));
}

#[test]
fn a_further_token_gets_a_till_the_grant_that_it_has_not_heard_of() {
    let granted = change(decide_by_token(&context(), &request(1)));
    let (slot, granted) = (Some(granted.slot), Some(granted.granted));
    let after = GrantContext { slot, granted, granted_standing: Some(Standing::Open), ..context() };
    let GrantDecision::Repeat { granted, token } = decide_by_token(&after, &request(1)) else { panic!("a grant") };
    assert_eq!(Some(*granted), after.granted);
    assert_eq!(token.unwrap().used.unwrap().journal, request(1).journal, "the second token is used up too");
    let thief = JournalRequestV1 { key: request(2).key, ..request(1) };
    assert!(refusal(decide_by_token(&after, &thief)).0.starts_with("id_reused"));
    let elsewhere = SlotRecord { till: TillCode::new("T02").unwrap(), ..after.slot.clone().unwrap() };
    let moved = GrantContext { slot: Some(elsewhere), ..after };
    assert!(refusal(decide_by_token(&moved, &request(1))).0.starts_with("id_reused"));
}

#[test]
fn what_was_granted_and_has_begun_or_ended_since_is_not_granted_again() {
    let granted = change(decide_by_token(&context(), &request(1)));
    let (token, slot, granted) = (granted.token, Some(granted.slot), Some(granted.granted));
    let ended = [Standing::Closed, Standing::Revoked, Standing::Quarantined].map(|standing| (standing, false));
    for (standing, has_begun) in [(Standing::Open, true)].into_iter().chain(ended) {
        let fresh = GrantContext {
            slot: slot.clone(),
            granted: granted.clone(),
            granted_standing: Some(standing),
            has_begun,
            ..context()
        };
        let used = GrantContext { token: token.clone(), ..fresh.clone() };
        let asked = [
            decide_by_token(&fresh, &request(1)),
            decide_by_token(&used, &request(1)),
            decide_by(&fresh, &request(1), Right::EndedJournal),
        ];
        for decision in asked {
            let (text, token) = refusal(decision);
            assert!(text.starts_with("id_reused") && token.is_none(), "{standing:?} {text}");
        }
    }
}

#[test]
fn a_country_whose_numbers_go_on_is_granted_one_series_for_every_year() {
    let mut context = context();
    let (establishment, point) = (StoreCode::new("001").unwrap(), TillCode::new("501").unwrap());
    for (store, till) in context
        .slot
        .iter_mut()
        .map(|slot| (&mut slot.store, &mut slot.till))
        .chain(context.token.iter_mut().map(|token| (&mut token.store, &mut token.till)))
    {
        (*store, *till) = (establishment.clone(), point.clone());
    }
    let country = |context: &mut GrantContext, code: &str| {
        let store = context.store.as_mut().unwrap();
        (store.country, store.store) = (CountryCode::new(code).unwrap(), establishment.clone());
    };
    country(&mut context, "EC");
    let granted = change(decide_by_token(&context, &request(1)));
    let codes = |granted: &GrantChange| granted.series.iter().map(|series| series.code.to_string()).collect::<Vec<_>>();
    assert_eq!(
        codes(&granted),
        ["001-501-RA", "001-501-FA", "001-501-CA", "001-501-Z26A", "001-501-N26A", "001-501-Z27A", "001-501-N27A"]
    );
    let key = SigningKey::from_seed([99; 32]);
    let granting = Granting { key: &key, now: NOW, year_in: |_, _| 2026, fresh: [5; 8] };
    let (slot, store) = (context.slot.clone().unwrap(), context.store.clone().unwrap());
    let journal = (JournalId([1; 16]), &granted.granted);
    let (_, further) = further_grant(&slot, &store, journal, 2028, FIRST, granting).unwrap();
    assert_eq!(further.iter().map(|series| series.code.as_str()).collect::<Vec<_>>(), ["001-501-Z28A", "001-501-N28A"]);
    // A second journal would count from 1 again, and its numbers would not tell it apart.
    context.slot.as_mut().unwrap().suffixes = 1;
    let right = Right::Token { certificate: "PEM", tls_key: Hash([7; 32]) };
    let granting = Granting { key: &key, now: NOW, year_in: |_, _| 2026, fresh: [5; 8] };
    let Err(OperationError::Refused(refusal)) = decide(&context, &request(2), right, granting) else { panic!() };
    assert_eq!((refusal.field(), refusal.value()), ("till", "001/501"));
    country(&mut context, "ES");
    assert_eq!(change(decide_by_token(&context, &request(2))).series.len(), 10);
}
