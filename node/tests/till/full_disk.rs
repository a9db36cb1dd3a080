//! A real file system that runs full while the till sells: sales stop, the day can be ended, and nothing is lost.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs a script in a mount namespace of its own, in which it may mount a small file system.
fn in_namespace(script: &str, place: &Path) -> Output {
    // Whoever is not root becomes it inside.
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-euc", script]).current_dir(place);
    command.env("TILL", env!("CARGO_BIN_EXE_till")).env_remove("TILL_PIN").output().expect("unshare runs")
}

fn lines(place: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{name}: {line}"))).collect()
}

fn one(place: &Path, name: &str) -> Value {
    let mut all = lines(place, name);
    assert_eq!(all.len(), 1, "{name}: {all:?}");
    all.remove(0)
}

const SCRIPT: &str = r#"
mkdir disk && mount -t tmpfs -o size=112m tmpfs disk
till() { "$TILL" --data disk/data --json "$@"; }
till init --store S01 --till T01 --currency EUR --country ES > init
till import products products.csv --tax-rate 21 > import
till open --float 100.00 > open
head -n 5 sales | till sell - > sold_before
stat -c %b disk/data/ballast > ballast_blocks

# Somebody else fills the disk up to the reserve: no sale begins.
free=$(df --output=avail -B1 disk | tail -n 1)
head -c $((free - 6000000)) /dev/zero > disk/filler
head -n 7 sales | till sell - > sold_near || echo $? > near_code
till status > status_near

# And then wholly: the drawer closes all the same, by the room of the ballast.
cat /dev/zero > disk/filler2 || true
moved=0
while [ -e disk/data/ballast ] && [ $moved -lt 2000 ]; do
  till pay-in 0.01 --reason "coins in a drawer" >> moved
  moved=$((moved + 1))
done
ls disk/data > files_full
head -n 7 sales | till sell - > sold_full || true
till close --count 100.00 > closed
till audit > audit_full

# Room again: the ballast is back and sales go on.
rm disk/filler disk/filler2
till open --float 100.00 > opened_again
till sell - < sales > sold_after
till audit > audit_after
ls disk/data > files_at_end
"#;

#[test]
fn a_full_disk_ends_no_day_and_loses_no_sale() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    fs::write(place.join("products.csv"), crate::shop::PRODUCTS).unwrap();
    let sales = (0..40).map(|sale| format!(r#"{{"id":"sale-{sale}","lines":[{{"code":"TEA","quantity":"1"}}]}}"#));
    fs::write(place.join("sales"), sales.map(|sale| sale + "\n").collect::<String>()).unwrap();
    let output = in_namespace(SCRIPT, place);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");

    assert_eq!(lines(place, "sold_before").len(), 5);
    let blocks: u64 = fs::read_to_string(place.join("ballast_blocks")).unwrap().trim().parse().unwrap();
    assert_eq!(blocks * 512, 64 << 20);

    let near = lines(place, "sold_near");
    assert_eq!(near[..5], lines(place, "sold_before"), "sales of before are answered as they were");
    for refused in &near[5..] {
        assert_eq!((&refused["refused"]["code"], &refused["refused"]["field"]), (&"disk_full".into(), &"disk".into()));
    }
    assert_eq!(fs::read_to_string(place.join("near_code")).unwrap().trim(), "1");
    let status = one(place, "status_near");
    assert!(status["cannot_sell"].as_str().unwrap().contains("MiB are free"), "{status}");

    assert_eq!(one(place, "audit_full")["ok"], true);
    assert_eq!(lines(place, "sold_full")[5]["refused"]["code"], "disk_full");
    let has = |files: &str| fs::read_to_string(place.join(files)).unwrap().lines().any(|name| name == "ballast");
    assert_eq!((has("files_full"), has("files_at_end")), (false, true), "the ballast was thrown off and is back");
    let movements = lines(place, "moved");
    assert!(movements.iter().all(|told| told.get("refused").is_none()), "each movement was made: {movements:?}");

    let after = lines(place, "sold_after");
    assert_eq!((after.len(), &after[..5]), (40, &near[..5]));
    assert_eq!(after[39]["number"], "S01-T01-R26A-000040", "refused sales used up no number");
    assert_eq!(one(place, "audit_after")["ok"], true);
}
