//! Installers and packages that other tools write, scanned whole: what is in them is found by its
//! content, under names that people can read.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Source, engine, memory, reasons, zip};
use pellucid::identify::FileType;
use pellucid::verdict::Report;

const NEEDLE: &str = "needle-in-a-haystack";

fn scanned(bytes: &[u8]) -> Report {
    let signature = "Test.Needle:0:*:6e6565646c652d696e2d612d686179737461636b\n";
    memory(&engine(Source::new("a.ndb", signature)), bytes)
}

/// The paths of objects with findings.
fn hits(report: &Report) -> Vec<String> {
    let paths =
        report.findings.iter().map(|finding| report.object_path(finding.object).join(" > "));
    paths.collect()
}

/// Runs a tool; false, with a line that says so, where it is not installed.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> bool {
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Err(_) => {
            eprintln!("skipped: {program} is not installed");
            false
        }
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
    }
}

const PRODUCT: &str = r#"<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
 <Product Id="*" UpgradeCode="12345678-1234-1234-1234-111111111111" Name="A" Version="0.0.1"
   Manufacturer="X" Language="1033">
  <Package InstallerVersion="200" Compressed="yes" Comments="c"/>
  <Media Id="1" Cabinet="product.cab" EmbedCab="yes"/>
  <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFilesFolder">
   <Directory Id="INSTALLDIR" Name="a">
    <Component Id="C" Guid="12345678-1234-1234-1234-222222222222">
     <File Id="Installed" Source="file"/>
    </Component>
  </Directory></Directory></Directory>
  <Binary Id="Action" SourceFile="file"/>
  <Feature Id="D" Level="1"><ComponentRef Id="C"/></Feature>
 </Product></Wix>
"#;

#[test]
fn packages_of_windows_installer_show_their_streams_and_cabinets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.wxs"), PRODUCT).unwrap();
    std::fs::write(folder.path().join("file"), NEEDLE.repeat(100)).unwrap();
    if !run(folder.path(), "wixl", &["-o", "a.msi", "a.wxs"]) {
        return;
    }
    let report = scanned(&std::fs::read(folder.path().join("a.msi")).unwrap());
    assert!(report.file().unwrap().types.contains(FileType::Msi));
    let hits = hits(&report);
    assert!(hits.iter().any(|path| path.contains("Binary.Action")), "{hits:?}");
    assert!(hits.iter().any(|path| path.contains("product.cab > Installed")), "{hits:?}");
    assert_eq!(reasons(&report), [""; 0]);
}

#[test]
fn java_archives_and_android_packages_are_opened_as_zip() {
    let manifest = "META-INF/MANIFEST.MF";
    let java = zip(&[(manifest, b"Manifest-Version: 1.0\n"), ("A.class", NEEDLE.as_bytes())]);
    let android = zip(&[
        ("AndroidManifest.xml", b"\x03\0\x08\0"),
        ("classes.dex", &[b"dex\n035\0", NEEDLE.as_bytes()].concat()),
    ]);
    for (package, file_type, name) in
        [(java, FileType::Jar, "A.class"), (android, FileType::Apk, "classes.dex")]
    {
        let report = scanned(&package);
        assert!(report.file().unwrap().types.contains(file_type));
        assert!(hits(&report).iter().any(|path| path.ends_with(name)), "{name}");
        assert_eq!(reasons(&report), [""; 0]);
    }
}
