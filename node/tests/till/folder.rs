//! The data folder: one till in it, one process at it, one machine, and never an older copy.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::shop::{Shop, copy_folder};

const SALE: &str = r#"{"id":"a","lines":[{"code":"TEA","quantity":"1"}]}"#;

#[test]
fn a_second_till_is_not_made_over_the_first() {
    let shop = Shop::open();
    let again = shop.json(&["init", "--store", "S02", "--till", "T02", "--currency", "EUR", "--country", "ES"]);
    assert_eq!(again.refused(), ("declined".into(), "data".into()));
    assert_eq!(shop.json(&["status"]).done().json()["store"], "S01");
}

#[test]
fn a_folder_that_another_process_has_open_is_told_so() {
    let shop = Shop::open();
    let mut holder =
        shop.command().args(["--json", "sell"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = holder.stdin.take().unwrap();
    writeln!(stdin, "{SALE}").unwrap();
    let mut answer = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert!(answer.contains("S01-T01-R26A-000001"), "the answer comes before the end of the input: {answer}");
    let ended = shop.json(&["status"]);
    let message = ended.json()["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!((ended.code, ended.json()["error"]["code"].as_str()), (3, Some("locked")));
    assert!(message.contains(&holder.id().to_string()), "{message}");
    drop(stdin);
    assert!(holder.wait().unwrap().success());
    shop.audit();
}

#[test]
fn an_address_left_behind_by_a_killed_process_does_not_matter() {
    let shop = Shop::open();
    drop(shop.serve());
    assert!(shop.data().join("local-api.json").exists());
    assert_eq!(shop.sell(SALE).done().json()["id"], "a");
}

#[test]
fn an_older_copy_of_the_store_may_only_be_read() {
    let shop = Shop::open();
    shop.sell(SALE).done();
    let copy = shop.path("copy.redb");
    fs::copy(shop.data().join("store.redb"), &copy).unwrap();
    shop.sell(&SALE.replace("\"a\"", "\"b\"")).done();
    fs::copy(&copy, shop.data().join("store.redb")).unwrap();
    for _ in 0..2 {
        assert_eq!(shop.sell(&SALE.replace("\"a\"", "\"c\"")).refused().0, "read_only");
    }
    let status = shop.json(&["status"]).done().json();
    assert!(status["read_only"].as_str().unwrap().contains("older copy"), "{status}");
    assert_eq!(shop.sell(SALE).done().json()["number"], "S01-T01-R26A-000001", "what was sold is still answered");
}

#[test]
fn a_second_mark_elsewhere_knows_an_older_copy_of_the_whole_folder() {
    let place = tempfile::tempdir().unwrap();
    let mark = place.path().join("mark.json");
    let shop = Shop::with_till(&["--second-mark", mark.to_str().unwrap()]);
    shop.json(&["open", "--float", "0"]).done();
    let copy = shop.path("copy");
    copy_folder(&shop.data(), &copy);
    shop.sell(SALE).done();
    copy_folder(&copy, &shop.data());
    assert_eq!(shop.sell(&SALE.replace("\"a\"", "\"b\"")).refused().0, "read_only");
}

#[test]
fn without_its_secret_or_on_another_machine_a_till_may_only_be_read() {
    let shop = Shop::open();
    let secret = shop.data().join("secret.json");
    let text = fs::read_to_string(&secret).unwrap();
    let machine = serde_json::from_str::<serde_json::Value>(&text).unwrap()["machine"].as_str().unwrap().to_owned();
    fs::write(&secret, text.replace(&machine, &"0".repeat(64))).unwrap();
    assert_eq!(shop.sell(SALE).refused().0, "read_only");
    fs::remove_file(&secret).unwrap();
    assert_eq!(shop.sell(SALE).refused().0, "read_only");
    assert_eq!(shop.json(&["status"]).done().json()["can_sell"], false);
    assert!(!secret.exists(), "reading makes no new secret");
    fs::write(&secret, text).unwrap();
    shop.sell(SALE).done();
}

#[test]
fn after_a_failing_disk_nothing_more_is_answered_and_nothing_acknowledged_is_lost() {
    let shop = Shop::open();
    let sales: Vec<String> = (0..20_000)
        .map(|sale| {
            format!(r#"{{"id":"s{sale}","lines":[{{"code":"TEA","quantity":"1"}}],"customer":"{}"}}"#, "x".repeat(150))
        })
        .collect();
    let file = shop.file("sales.jsonl", &sales.join("\n"));
    // A limit on the size of files, with its signal ignored, is a disk that refuses to write on.
    let size = fs::metadata(shop.data().join("store.redb")).unwrap().len() / 1024 + 1_000;
    let script = format!("trap '' XFSZ; ulimit -f {size}; exec \"$0\" \"$@\"");
    let mut limited = std::process::Command::new("bash");
    limited.args(["-c", &script, env!("CARGO_BIN_EXE_till"), "--data", shop.data().to_str().unwrap()]);
    let ended = crate::shop::run(limited.args(["--json", "sell", file.to_str().unwrap()]), "");
    let answers = ended.lines();
    let (last, sold) = answers.split_last().unwrap();
    assert_eq!((ended.code, last["error"]["code"].as_str()), (3, Some("store")), "{last}");
    assert!(sold.len() > 100 && sold.iter().all(|answer| answer["number"].is_string()), "{} sales", sold.len());
    let audit = shop.audit();
    assert!(audit["series"][0]["issued"].as_u64().unwrap() >= sold.len() as u64, "{audit}");
    let again = shop.sell(&sales[..sold.len()].join("\n")).done().lines();
    assert_eq!(again, sold);
}

#[test]
fn a_set_up_that_was_cut_off_is_simply_done_again() {
    let shop = Shop::empty();
    fs::create_dir_all(shop.data()).unwrap();
    fs::write(shop.data().join("store.new"), b"half a store").unwrap();
    let init = ["init", "--store", "S01", "--till", "T01", "--currency", "EUR", "--country", "ES"];
    shop.json(&init).done();
    shop.json(&["open", "--float", "1"]).done();
    shop.audit();
}

#[test]
fn a_folder_that_lost_its_store_is_told_so_and_gives_no_number_twice() {
    let shop = Shop::open();
    shop.sell(SALE).done();
    let journal = shop.json(&["status"]).done().json()["journals"][0].clone();
    let sound = fs::read(shop.data().join("store.redb")).unwrap();
    fs::remove_file(shop.data().join("store.redb")).unwrap();
    let init = ["init", "--store", "S01", "--till", "T01", "--currency", "EUR", "--country", "ES"];
    let check = |has_mark: bool| {
        for arguments in [&init[..], &["status"], &["open", "--float", "1"], &["sync"]] {
            let ended = shop.json(arguments);
            let error = &ended.json()["error"];
            let message = error["message"].as_str().unwrap_or_else(|| panic!("{ended:?}"));
            assert_eq!((ended.code, error["code"].as_str()), (3, Some("store_missing")), "{ended:?}");
            assert!(message.contains(journal["journal"].as_str().unwrap()), "{message}");
            assert!(message.contains("till enrol URL TOKEN"), "{message}");
            assert_eq!(message.contains(&format!("entry {}:", journal["seq"])), has_mark, "{message}");
        }
    };
    check(true);
    let mark = fs::read(shop.data().join("mark.json")).unwrap();
    fs::remove_file(shop.data().join("mark.json")).unwrap();
    check(false);
    fs::write(shop.data().join("mark.json"), mark).unwrap();
    fs::write(shop.data().join("store.redb"), sound).unwrap();
    assert_eq!(shop.sell(&SALE.replace("\"a\"", "\"b\"")).done().json()["number"], "S01-T01-R26A-000002");
}

#[test]
fn a_second_mark_that_another_till_uses_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let mark = place.path().join("mark.json");
    let options = ["--second-mark", mark.to_str().unwrap()];
    let first = Shop::with_till(&options);
    let second = Shop::empty();
    let init = ["init", "--store", "S01", "--till", "T02", "--currency", "EUR", "--country", "ES"];
    let refused = second.json(&[&init[..], &options].concat());
    assert_eq!(refused.refused(), ("declined".into(), "second_mark".into()));
    first.json(&["open", "--float", "1"]).done();
}
