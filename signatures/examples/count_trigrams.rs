//! Makes the table of `signatures/src/rarity.rs`: `count_trigrams OUTPUT DIR...` counts the files in
//! the folders, in the order of their names, links left aside.

use std::path::{Path, PathBuf};

use pellucid_signatures::rarity::Trainer;

/// Larger files are mostly data of one kind.
const LARGEST: u64 = 64 << 20;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let output = arguments.next().ok_or_else(|| std::io::Error::other("OUTPUT DIR... expected"))?;
    let mut trainer = Trainer::default();
    let mut bytes = 0_u64;
    for folder in arguments {
        bytes = bytes.saturating_add(add(&folder, &mut trainer)?);
    }
    println!("{bytes} bytes counted");
    std::fs::write(output, trainer.finish())
}

fn add(folder: &Path, trainer: &mut Trainer) -> std::io::Result<u64> {
    let mut bytes = 0_u64;
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        let metadata = path.symlink_metadata()?;
        if metadata.is_dir() {
            let mut names: Vec<PathBuf> = std::fs::read_dir(&path)?
                .map(|entry| Ok(entry?.path()))
                .collect::<std::io::Result<_>>()?;
            names.sort();
            left.extend(names.into_iter().rev());
        } else if metadata.is_file() && metadata.len() <= LARGEST {
            let Ok(text) = std::fs::read(&path) else { continue };
            trainer.add(&text);
            bytes = bytes.saturating_add(text.len() as u64);
        }
    }
    Ok(bytes)
}
