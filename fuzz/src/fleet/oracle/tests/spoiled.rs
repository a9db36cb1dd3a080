//! One spoiled story for each check, and more where it looks at several things.

use super::super::Check;
use super::check;
use crate::fleet::history::{
    AttackKind, Document, Drawer, DrawerAct, Entry, Fact, JournalTold, OfficeTold, Paper, PinTried, TillTold, Truth,
    Unreceived, Verdict, What, Word,
};

type Story = Vec<What>;

/// The place of what fits.
fn place(story: &Story, fits: impl Fn(&What) -> bool) -> usize {
    story.iter().position(fits).expect("the story has it")
}

fn paper<'a>(story: &'a mut Story, id: &str, is_copy: bool) -> &'a mut Paper {
    let fits = |what: &&mut What| matches!(what, What::Printed(paper) if paper.id == id && paper.is_copy == is_copy);
    match story.iter_mut().find(fits) {
        Some(What::Printed(paper)) => paper,
        _ => panic!("{id} is printed"),
    }
}

fn tills(story: &mut Story, device: usize) -> Vec<&mut TillTold> {
    let told = story.iter_mut().filter_map(|what| if let What::Till(told) = what { Some(&mut **told) } else { None });
    told.filter(|told| told.device == device).collect()
}

fn last_till(story: &mut Story, device: usize) -> &mut TillTold {
    tills(story, device).pop().expect("the till tells")
}

fn offices(story: &mut Story) -> Vec<&mut OfficeTold> {
    let told = story.iter_mut().filter_map(|what| if let What::Office(told) = what { Some(&mut **told) } else { None });
    told.collect()
}

fn verdict(story: &mut Story, device: usize, of: Word) -> &mut Verdict {
    let fits = |what: &&mut What| matches!(what, What::Verdict(one) if one.device == Some(device) && one.of == of);
    match story.iter_mut().find(fits) {
        Some(What::Verdict(verdict)) => verdict,
        _ => panic!("{device} is judged"),
    }
}

/// Changes a document wherever tills tell it.
fn at_tills(story: &mut Story, id: &str, change: impl Fn(&mut Document)) {
    for what in story {
        if let What::Till(told) = what {
            told.journals.iter_mut().for_each(|journal| change_in(&mut journal.entries, id, &change));
        }
    }
}

/// Changes a document wherever head office tells it.
fn at_office(story: &mut Story, id: &str, change: impl Fn(&mut Document)) {
    for office in offices(story) {
        office.journals.iter_mut().for_each(|journal| change_in(&mut journal.entries, id, &change));
    }
}

fn change_in(entries: &mut [Entry], id: &str, change: &impl Fn(&mut Document)) {
    for entry in entries {
        if let Fact::Document(document) = &mut entry.fact
            && document.id == id
        {
            change(document);
        }
    }
}

#[test]
fn n1_a_number_on_two_papers() {
    check(Check::N1, |story| paper(story, "T02-b", false).number = 1);
}

#[test]
fn n1_a_double_that_head_office_does_not_name() {
    check(Check::N1, |story| {
        let audit = offices(story).pop().unwrap().audit.as_mut().unwrap();
        let doubles: usize = audit.series.iter().map(|series| series.duplicates.len()).sum();
        assert_eq!(doubles, 1, "the copied till");
        audit.series.iter_mut().for_each(|series| series.duplicates.clear());
    });
}

#[test]
fn n1_one_number_in_two_journals() {
    check(Check::N1, |story| {
        // It was never printed, and the other till was granted the series in no journal of its own.
        let take = |document: &mut Document| document.series = "S01-T01-R26A".to_owned();
        at_office(story, "T02-g", take);
        let series = &mut offices(story).pop().unwrap().audit.as_mut().unwrap().series;
        series.iter_mut().for_each(|series| match series.series.as_str() {
            "S01-T02-R26A" => (series.last, series.issued, series.duplicates) = (3, 3, Vec::new()),
            "S01-T01-R26A" => series.duplicates = vec![4],
            _ => {}
        });
    });
}

#[test]
fn n2_a_hole() {
    check(Check::N2, |story| at_tills(story, "T01-f", |document| document.number += 1));
}

#[test]
fn n3_a_refusal_that_leaves_something_and_sums_that_differ() {
    check(Check::N3, |story| {
        let at = place(story, |what| matches!(what, What::Refused(_)));
        let What::Refused(refused) = &mut story[at] else { panic!() };
        refused.after.1 += 1;
    });
    check(Check::N3, |story| last_till(story, 1).audit.as_mut().unwrap().totals[0].cash += 1);
    check(Check::N3, |story| last_till(story, 1).audit.as_mut().unwrap().series[0].issued += 1);
}

#[test]
fn n4_what_was_printed_is_not_there() {
    check(Check::N4, |story| paper(story, "T02-b", false).hash[31] = 1);
}

#[test]
fn n5_a_number_is_freed() {
    check(Check::N5, |story| {
        let at = place(story, |what| matches!(what, What::Printed(paper) if paper.id == "T02-b"));
        story.remove(at);
        paper(story, "T02-d", false).number = 2;
    });
}

#[test]
fn n6_time_goes_back_or_numbers_do() {
    check(Check::N6, |story| at_tills(story, "T01-f", |document| document.issued_ms = 0));
    check(Check::N6, |story| at_tills(story, "T01-f", |document| document.number = 2));
}

#[test]
fn n7_a_series_of_two_journals_and_a_journal_that_goes_on() {
    check(Check::N7, |story| {
        let told = tills(story, 2).remove(0);
        let Fact::Opened { series, .. } = &mut told.journals[0].entries[0].fact else { panic!() };
        series.push("S01-T01-R26A".to_owned());
    });
    check(Check::N7, |story| {
        let told = tills(story, 5).remove(0);
        told.journals[0].entries[0].fact = Fact::Closed;
    });
}

#[test]
fn n8_what_is_said_to_be_missing_and_what_is() {
    check(Check::N8, |story| {
        offices(story).remove(0).audit.as_mut().unwrap().series[0].missing.push((1, 1));
    });
    check(Check::N8, |story| {
        let (journal, numbers) = ([0xA1; 16], Vec::new());
        let missing = Unreceived { journal, from: 1, to: 2, numbers };
        offices(story).remove(0).audit.as_mut().unwrap().unreceived.push(missing);
    });
    check(Check::N8, |story| {
        let hello = verdict(story, 1, Word::Hello);
        (hello.seq, hello.hash) = (50, [9; 32]);
    });
}

#[test]
fn n9_a_document_of_another_year() {
    check(Check::N9, |story| at_tills(story, "T01-f", |document| document.day = "2027-03-02".to_owned()));
}

#[test]
fn c1_lines_that_do_not_come_to_the_total() {
    check(Check::C1, |story| {
        let paper = paper(story, "T02-b", false);
        paper.text = paper.text.replace("x 1.25   1.25", "x 1.25   1.26");
    });
    check(Check::C1, |story| {
        let change = |document: &mut Document| document.lines[0].tax += 1;
        at_tills(story, "T01-b", change);
        at_office(story, "T01-b", change);
        offices(story).into_iter().for_each(|office| office.days[0].products[0].2 += 1);
    });
}

#[test]
fn c2_tenders_that_do_not_come_to_the_total() {
    check(Check::C2, |story| {
        let paper = paper(story, "T02-b", false);
        paper.text = paper.text.replace("card   1.25", "card   1.30");
    });
}

#[test]
fn c3_a_drawer_that_is_not_the_fold_of_its_entries() {
    check(Check::C3, |story| tills(story, 2)[1].session.as_mut().unwrap().moved += 1);
    check(Check::C3, |story| {
        let at = place(story, |what| matches!(what, What::PrintedZ(_)));
        let What::PrintedZ(paper) = &mut story[at] else { panic!() };
        assert!(paper.text.contains("Counted   106.00"));
        paper.text = paper.text.replace("Counted   106.00", "Counted   106.01");
    });
}

#[test]
fn c4_head_office_forgets_a_tender_or_a_tax() {
    check(Check::C4, |story| offices(story).remove(0).days[0].tenders.truncate(1));
    check(Check::C4, |story| offices(story).remove(0).days[0].taxes[0].2 += 1);
    check(Check::C4, |story| offices(story).remove(0).days[0].cash -= 1);
}

#[test]
fn c5_more_comes_back_than_went_out() {
    check(Check::C5, |story| {
        let same = |document: &mut Document| document.preceding = Some("S01-T02-R26A-000001".to_owned());
        at_tills(story, "T01-c", same);
        at_office(story, "T01-c", same);
    });
}

#[test]
fn c8_a_copy_with_other_figures_and_a_price_that_nobody_showed() {
    check(Check::C8, |story| {
        let paper = paper(story, "T02-a", true);
        paper.text = paper.text.replace("08:00", "09:00");
    });
    check(Check::C8, |story| paper(story, "T02-b", false).shown[0].1 = "1.20".to_owned());
}

#[test]
fn s1_stock_that_is_not_the_sum_of_movements() {
    check(Check::S1, |story| tills(story, 2)[1].stock[0].1 += 1);
}

#[test]
fn s2_a_movement_that_counts_twice() {
    check(Check::S2, |story| offices(story).remove(0).days[0].products.push(("TEA".to_owned(), 1_000_000, 0)));
}

#[test]
fn s5_a_sale_that_is_refused_for_want_of_stock() {
    check(Check::S5, |story| {
        let at = story.iter().rposition(|what| matches!(what, What::Refused(_))).unwrap();
        let What::Refused(refused) = &mut story[at] else { panic!() };
        refused.code = "stock_negative".to_owned();
    });
}

#[test]
fn d1_what_was_answered_before_a_crash_is_gone() {
    check(Check::D1, |story| {
        let at = place(story, |what| matches!(what, What::Drawer(Drawer { what: DrawerAct::Moved(_), .. })));
        let What::Drawer(drawer) = &mut story[at] else { panic!() };
        drawer.what = DrawerAct::Moved(501);
    });
}

#[test]
fn d2_a_sale_that_nobody_asked_for() {
    check(Check::D2, |story| {
        let at = place(story, |what| matches!(what, What::Asked(asked) if asked.id == "T01-d"));
        story.remove(at);
    });
}

#[test]
fn d5_a_till_goes_on_after_a_failure() {
    check(Check::D5, |story| {
        let at = place(story, |what| matches!(what, What::Printed(paper) if paper.id == "T01-d"));
        let printed = story.remove(at);
        let failed = place(story, |what| matches!(what, What::Failed { .. }));
        story.insert(failed + 1, printed);
    });
}

#[test]
fn y1_an_entry_that_does_not_arrive() {
    check(Check::Y1, |story| {
        let told = last_till(story, 5);
        let mut older = told.journals[0].clone();
        older.entries.truncate(1);
        older.journal = [0xF0; 16];
        let entry = &mut older.entries[0];
        (entry.hash, entry.fact) = ([0xF0; 32], Fact::MasterData);
        (older.seq, older.hash) = (1, entry.hash);
        told.journals.insert(0, older);
    });
}

#[test]
fn y2_a_document_that_counts_twice() {
    check(Check::Y2, |story| offices(story).remove(0).days[0].documents += 1);
}

#[test]
fn y3_other_bytes_at_head_office() {
    check(Check::Y3, |story| offices(story).remove(0).journals[0].entries[3].bytes.push(0));
}

#[test]
fn y4_entries_dropped_before_they_were_acknowledged() {
    check(Check::Y4, |story| {
        let at = place(story, |what| matches!(what, What::Acknowledged(_)));
        story.insert(at, What::Pruned { device: 1, journal: [0xA1; 16], to: 3 });
    });
}

#[test]
fn y5_a_revision_that_shows_other_rows() {
    check(Check::Y5, |story| tills(story, 2)[0].feed.as_mut().unwrap().rows.clear());
}

#[test]
fn y6_an_acknowledgement_that_goes_back() {
    check(Check::Y6, |story| last_till(story, 1).journals[0].acknowledged = 1);
    check(Check::Y6, |story| {
        let at = place(story, |what| matches!(what, What::Acknowledged(_)));
        let What::Acknowledged(mut back) = story[at].clone() else { panic!() };
        (back.seq, back.hash) = (1, tills(story, 1)[0].journals[0].entries[0].hash);
        story.insert(at + 1, What::Acknowledged(back));
    });
    check(Check::Y6, |story| {
        let at = place(story, |what| matches!(what, What::Acknowledged(_)));
        let What::Acknowledged(early) = &mut story[at] else { panic!() };
        (early.seq, early.hash) = (early.seq + 1, [9; 32]);
    });
}

#[test]
fn y7_a_fork_without_proof_or_without_a_side() {
    check(Check::Y7, |story| {
        let forked = &mut offices(story).pop().unwrap().journals[1];
        assert_eq!(forked.standing, "quarantined");
        forked.evidence[0].has_theirs = false;
    });
    check(Check::Y7, |story| last_till(story, 3).journals[0].stopped = None);
    check(Check::Y7, |story| {
        let at = place(story, |what| matches!(what, What::Verdict(one) if one.device == Some(3)));
        let What::Verdict(mut taken) = story[at].clone() else { panic!() };
        (taken.of, taken.code) = (Word::Batch, "duplicate".to_owned());
        story.insert(at, What::Verdict(taken));
    });
}

#[test]
fn y7_a_till_that_was_put_back_is_not_found() {
    check(Check::Y7, |story| {
        // Till 1 has lost its last entry, which head office holds, before the second quiet point.
        let at = place(story, |what| matches!(what, What::Truth(Truth::Cloned { .. })));
        let (device, journal, from) = (1, [0xA1; 16], tills(story, 1).pop().unwrap().journals[0].seq);
        story.insert(at, What::Truth(Truth::RolledBack { device, journal, from, to: from - 1 }));
        let first = tills(story, 1).remove(0).journals[0].clone();
        let told: Vec<Entry> = tills(story, 1).into_iter().flat_map(|told| told.journals[0].entries.clone()).collect();
        assert_eq!((told[0].seq, first.entries[0].seq), (1, 1));
        let last = last_till(story, 1);
        let journal = &mut last.journals[0];
        journal.entries = told[..told.len() - 1].to_vec();
        (journal.seq, journal.hash) = (from - 1, journal.entries.last().unwrap().hash);
        (journal.acknowledged, journal.acknowledged_epoch) = (0, 0);
        (last.audit, last.session) = (None, None);
    });
}

#[test]
fn y8_an_honest_till_is_accused() {
    check(Check::Y8, |story| verdict(story, 1, Word::Batch).code = "rollback".to_owned());
    check(Check::Y8, |story| verdict(story, 1, Word::Hello).code = "server_fault".to_owned());
    check(Check::Y8, |story| {
        let office = offices(story).remove(0);
        office.journals[0].evidence.push(crate::fleet::history::Proof {
            of: "rollback".to_owned(),
            seq: 2,
            has_ours: true,
            has_theirs: true,
        });
    });
}

#[test]
fn y9_a_quarantine_stops_another() {
    check(Check::Y9, |story| last_till(story, 5).journals[0].stopped = Some("fork".to_owned()));
}

#[test]
fn y10_a_till_that_does_not_learn() {
    check(Check::Y10, |story| {
        let feed = last_till(story, 1).feed.as_mut().unwrap();
        (feed.revision, feed.rows) = (2, Vec::new());
    });
}

#[test]
fn y11_sums_of_tills_that_are_not_head_offices() {
    check(Check::Y11, |story| {
        for told in tills(story, 1) {
            told.journals.iter_mut().for_each(|journal: &mut JournalTold| journal.entries.clear());
            told.audit.as_mut().unwrap().totals[0].cash += 1;
        }
    });
}

#[test]
fn y15_a_wrong_clock_changes_the_price() {
    check(Check::Y15, |story| paper(story, "T01-f", false).shown[0].1 = "1.20".to_owned());
}

#[test]
fn y16_a_successor_in_the_dead_tills_journal() {
    check(Check::Y16, |story| {
        let told = last_till(story, 5);
        let mut old = told.journals[0].clone();
        (old.journal, old.entries) = ([0xD4; 16], Vec::new());
        told.journals.insert(0, old);
    });
}

#[test]
fn x1_x3_x5_x11_an_attack_is_taken_as_good() {
    let attack = |of: AttackKind| {
        move |story: &mut Story| {
            let at = place(story, |what| matches!(what, What::Attack(attack) if attack.kind == of));
            let What::Attack(attack) = &mut story[at] else { panic!() };
            attack.was_taken = true;
        }
    };
    check(Check::X1, attack(AttackKind::Forged));
    check(Check::X1, attack(AttackKind::Replayed));
    check(Check::X1, attack(AttackKind::ForgedAnswer));
    check(Check::X3, attack(AttackKind::TokenAgain));
    check(Check::X5, attack(AttackKind::Foreign));
    check(Check::X11, attack(AttackKind::OtherKind));
}

#[test]
fn x2_an_ended_journal_grows() {
    check(Check::X2, |story| {
        let at = place(story, |what| matches!(what, What::Verdict(one) if one.code == "closed"));
        let What::Verdict(one) = &mut story[at] else { panic!() };
        one.held += 1;
    });
}

#[test]
fn x3_a_token_that_works_twice() {
    check(Check::X3, |story| {
        let at = place(story, |what| matches!(what, What::Granted(grant) if grant.till == "T05"));
        let What::Granted(grant) = &mut story[at] else { panic!() };
        grant.token = "T04".to_owned();
    });
}

#[test]
fn x4_a_wrong_pin_that_opens_and_one_that_need_not_wait() {
    fn pin(story: &mut Story) -> &mut PinTried {
        let at = place(story, |what| matches!(what, What::Pin(_)));
        match &mut story[at] {
            What::Pin(tried) => tried,
            _ => panic!(),
        }
    }
    check(Check::X4, |story| pin(story).is_let_in = true);
    check(Check::X4, |story| {
        let wrong = pin(story).clone();
        let at = place(story, |what| matches!(what, What::Pin(_)));
        (0..4).for_each(|_| story.insert(at, What::Pin(wrong.clone())));
    });
}
