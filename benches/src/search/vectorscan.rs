//! Vectorscan's search for literals, by a small C program (`vectorscan.c`) that is compiled when it
//! is wanted: this crate holds no unsafe code, and needs the library only where it is measured.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::Run;
use crate::literals::Literals;
use crate::text::Text;

const SOURCE: &str = include_str!("vectorscan.c");

pub(crate) fn run(literals: &Literals, text: &Text, patience: Duration) -> Result<Option<Run>> {
    let folder = tempfile::tempdir()?;
    let (program, names) = (folder.path().join("vectorscan"), ["literals", "files"]);
    if !compile(folder.path(), &program)? {
        eprintln!("skipped: vectorscan (apt install libvectorscan-dev gcc)");
        return Ok(None);
    }
    let [patterns, files] = names.map(|name| folder.path().join(name));
    write_literals(&patterns, literals)?;
    write_files(&files, text)?;
    let seconds = patience.as_secs().to_string();
    let output = Command::new(&program).args([&patterns, &files]).arg(seconds).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "vectorscan: {} {errors}", output.status);
    read(&String::from_utf8(output.stdout)?).map(Some)
}

/// Whether the library and a compiler are there.
fn compile(folder: &Path, program: &Path) -> Result<bool> {
    let source = folder.join("vectorscan.c");
    std::fs::write(&source, SOURCE)?;
    let output =
        Command::new("cc").args(["-O2", "-o"]).arg(program).arg(&source).arg("-lhs").output();
    Ok(output.is_ok_and(|output| output.status.success()))
}

fn write_literals(path: &Path, literals: &Literals) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for literal in &literals.0 {
        file.write_all(&u32::try_from(literal.len())?.to_le_bytes())?;
        file.write_all(literal)?;
    }
    Ok(file.flush()?)
}

fn write_files(path: &Path, text: &Text) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for file in &text.files {
        out.write_all(&(file.bytes.len() as u64).to_le_bytes())?;
        out.write_all(&file.bytes)?;
    }
    Ok(out.flush()?)
}

fn read(output: &str) -> Result<Run> {
    let mut run = Run {
        name: "vectorscan",
        version: String::new(),
        preparation: 0.0,
        bytes: None,
        files: 0,
        seconds: Vec::new(),
        hits: Default::default(),
    };
    for line in output.lines() {
        let (key, value) = line.split_once(' ').with_context(|| line.to_owned())?;
        match key {
            "version" => run.version = value.split(' ').next().unwrap_or(value).to_owned(),
            "prepared" => run.preparation = value.parse()?,
            "bytes" => run.bytes = Some(value.parse()?),
            "file" => run.seconds.push(value.parse()?),
            _ => {
                let (literal, file) = value.split_once(' ').with_context(|| line.to_owned())?;
                run.hits.insert((literal.parse()?, file.parse()?));
            }
        }
    }
    run.files = run.seconds.len();
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_says_is_read() {
        let run = read("version 5.4.9 2023\nprepared 1.5\nbytes 77\nfile 0.25\nhit 3 0\nfile 1\n")
            .unwrap();
        assert_eq!((run.version.as_str(), run.bytes, run.files), ("5.4.9", Some(77), 2));
        assert_eq!(run.seconds, [0.25, 1.0]);
        assert_eq!(run.hits.into_iter().collect::<Vec<_>>(), [(3, 0)]);
        assert!(read("file x\n").is_err());
    }
}
