//! Figures that are counted or measured once: `figures` takes all of them, `figures NAME...` those that are named.

mod sizes;
mod wire;

use anyhow::{Result, bail};

const ALL: [&str; 2] = ["wire", "sizes"];

fn main() -> Result<()> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let names = if named.is_empty() { ALL.map(str::to_owned).to_vec() } else { named };
    for name in names {
        match name.as_str() {
            "wire" => wire::count()?,
            "sizes" => sizes::count()?,
            _ => bail!("{name} is no figure; there are {}", ALL.join(", ")),
        }
    }
    Ok(())
}
