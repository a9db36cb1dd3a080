//! Writes the seeds of the fuzz corpus into `fuzz/corpus/<target>/seed-<name>`; what was found beside them stays.

use std::fs;
use std::path::Path;

use counterfoil_fuzz::targets::seeds;

fn main() -> anyhow::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (mut files, mut bytes) = (0_usize, 0_usize);
    for (target, name, content) in seeds::all() {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("seed-{name}")), &content)?;
        (files, bytes) = (files + 1, bytes + content.len());
    }
    println!("{files} seeds of {bytes} bytes in {}", corpus.display());
    Ok(())
}
