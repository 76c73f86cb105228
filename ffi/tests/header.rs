//! The committed header is the one that the sources make, and compiles as C99 and as C++11.
//!
//! To make it anew: `PELLUCID_UPDATE_HEADER=1 cargo test -p pellucid-ffi --test header`.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod toolchain;

use std::fs;
use std::path::Path;

use toolchain::{Compiler, crate_file};

/// The sources in the order in which the header tells them.
const CHAPTERS: [&str; 14] = [
    "status.rs",
    "text.rs",
    "error.rs",
    "verdict.rs",
    "reason.rs",
    "set.rs",
    "engine.rs",
    "callbacks.rs",
    "options.rs",
    "reader.rs",
    "scan.rs",
    "stream.rs",
    "result.rs",
    "program.rs",
];

fn generated() -> String {
    let config = cbindgen::Config::from_file(crate_file("cbindgen.toml")).unwrap();
    let sources = CHAPTERS.map(|name| crate_file("src").join(name));
    let bindings = sources
        .into_iter()
        .fold(cbindgen::Builder::new().with_config(config), cbindgen::Builder::with_src)
        .generate()
        .unwrap();
    let mut header = Vec::new();
    bindings.write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn the_committed_header_is_the_generated_one() {
    let path = crate_file("include/pellucid.h");
    let generated = generated();
    if std::env::var_os("PELLUCID_UPDATE_HEADER").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(
        committed == generated,
        "{} is not what the sources make; run\n  \
         PELLUCID_UPDATE_HEADER=1 cargo test -p pellucid-ffi --test header",
        path.display()
    );
}

/// A public entry in a file that is no chapter would be missing in C.
#[test]
fn every_entry_is_in_a_chapter() {
    let header = generated();
    for file in fs::read_dir(crate_file("src")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for (_, rest) in source
            .match_indices("extern \"C\" fn pellucid_")
            .map(|(at, _)| source.split_at(at + "extern \"C\" fn ".len()))
        {
            let name = rest.split('(').next().unwrap();
            assert!(header.contains(&format!("{name}(")), "{name} is not in the header");
        }
    }
}

fn compiles(compiler: Option<Compiler>, standard: &str, suffix: &str) {
    let Some(compiler) = compiler else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pellucid.h"), generated()).unwrap();
    let program = folder.path().join("twice").with_extension(suffix);
    fs::write(
        &program,
        "#include \"pellucid.h\"\n#include \"pellucid.h\"\nint main(void) { return 0; }\n",
    )
    .unwrap();
    compiler.run(&[Path::new(standard), Path::new("-fsyntax-only"), &program]);
}

#[test]
fn it_compiles_as_c99() {
    compiles(Compiler::c(), "-std=c99", "c");
}

#[test]
fn it_compiles_as_cpp11() {
    compiles(Compiler::cpp(), "-std=c++11", "cpp");
}
