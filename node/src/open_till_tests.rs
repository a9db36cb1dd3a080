use counterfoil_core::money::Money;

use super::*;

fn open(folder: &Folder) -> OpenTill {
    OpenTill::open(folder.try_lock().unwrap().unwrap()).unwrap()
}

fn made(folder: &Folder) {
    let profile = Profile {
        store: "S01".parse().unwrap(),
        till: "T01".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        country: "ES".parse().unwrap(),
        zone: "Europe/Madrid".parse().unwrap(),
        prices_include_tax: true,
        has_history: false,
    };
    drop(OpenTill::create(folder.try_lock().unwrap().unwrap(), profile, &Settings::default()).unwrap());
}

fn access(till: &mut OpenTill) -> Access {
    till.read(|core| Ok(core.access().clone())).unwrap()
}

#[test]
fn a_till_opened_again_after_a_full_disk_stands_where_it_stood() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::at(place.path().join("data"));
    folder.make().unwrap();
    made(&folder);
    let mut till = open(&folder);
    let before = till.read(|core| Ok(core.mark())).unwrap();
    let refused = till.throw_off_ballast(before);
    assert!(matches!(&refused, Failure::Refused(refusal) if refusal.reason() == Reason::DiskFull), "{refused}");
    till.execute(&Command::OpenDrawer(Money::ZERO), &"owner".parse().unwrap()).unwrap();

    let kept = till.throw_off_ballast(before);
    assert!(matches!(&kept, Failure::Damaged(damage) if damage.code == DISK_FULL), "{kept}");
    assert_eq!(access(&mut till), Access::Full, "what the failing disk kept is told, and the day goes on");

    let mut ahead = till.read(|core| Ok(core.mark())).unwrap();
    ahead.seq += 1;
    let lost = till.throw_off_ballast(ahead);
    assert!(matches!(&lost, Failure::Damaged(damage) if damage.code == "store"), "{lost}");
    assert!(till.read(|core| Ok(core.mark())).is_err(), "a store that came back behind is not used");
}

#[test]
fn an_older_copy_stays_one_when_it_is_opened_again_after_a_full_disk() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::at(place.path().join("data"));
    folder.make().unwrap();
    made(&folder);
    let copy = fs::read(folder.store()).unwrap();
    open(&folder).execute(&Command::OpenDrawer(Money::ZERO), &"owner".parse().unwrap()).unwrap();
    fs::write(folder.store(), copy).unwrap();

    let mut till = open(&folder);
    let Access::ReadOnly(told) = access(&mut till) else { panic!("an older copy sells") };
    assert!(told.contains("older copy"), "{told}");
    let witness = fs::read(folder.file(MARK)).unwrap();
    let before = till.read(|core| Ok(core.mark())).unwrap();
    till.throw_off_ballast(before);
    assert_eq!(access(&mut till), Access::ReadOnly(told));
    assert_eq!(fs::read(folder.file(MARK)).unwrap(), witness, "the mark that shows it stays");
}
