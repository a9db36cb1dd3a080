//! Figures that are counted or measured once: `figures` takes all of them, `figures NAME...` those that are named.

mod big;
mod feed;
mod programs;
mod push;
mod sizes;
mod wire;

use anyhow::{Result, bail};

const ALL: [&str; 5] = ["wire", "sizes", "push", "feed", "big"];

fn main() -> Result<()> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let is_all = named.is_empty();
    let names = if is_all { ALL.map(str::to_owned).to_vec() } else { named };
    let mut failed = 0;
    for name in names {
        match measure(&name) {
            // One figure that cannot be taken keeps none of the others from the table.
            Err(error) if is_all => {
                eprintln!("{name}: {error:#}");
                failed += 1;
            }
            measured => measured?,
        }
    }
    if failed > 0 {
        eprintln!("{failed} figures could not be taken");
    }
    Ok(())
}

fn measure(name: &str) -> Result<()> {
    match name {
        "wire" => wire::count(),
        "sizes" => sizes::count(),
        "push" => push::measure(),
        "feed" => feed::measure(),
        "big" => big::measure(),
        // Processes that `big` starts.
        "big-sell" => big::sell_once(false),
        "big-wait" => big::sell_once(true),
        "big-open-clean" => big::open_timed(true),
        "big-open-killed" => big::open_timed(false),
        _ => bail!("{name} is no figure; there are {}", ALL.join(", ")),
    }
}
