//! The kinds of archive that both scanners open, and how they are made.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pellucid_benches::corpus::files_under;

/// A kind of archive.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    make: Make,
}

/// A name and its bytes.
type File = (String, Vec<u8>);

enum Make {
    /// A shell command, in the folder with the files; `$OUT` is the archive.
    Tool(&'static str),
    Code(fn(&[File]) -> Result<Vec<u8>>),
}

/// Every kind. Zstandard and lz4 are not here, since clamscan does not open them; RAR is not, since no
/// free tool writes it.
pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "zip", make: Make::Tool("zip -q -r $OUT.zip . && mv $OUT.zip $OUT") },
    Kind { name: "zip-stored", make: Make::Tool("zip -q -0 -r $OUT.zip . && mv $OUT.zip $OUT") },
    Kind { name: "tar", make: Make::Tool("tar -cf $OUT .") },
    Kind { name: "tar-gzip", make: Make::Tool("tar -czf $OUT .") },
    Kind { name: "tar-bzip2", make: Make::Tool("tar -cjf $OUT .") },
    Kind { name: "tar-xz", make: Make::Tool("tar -cJf $OUT .") },
    Kind { name: "7z", make: Make::Tool("7z a -bd $OUT.7z . && mv $OUT.7z $OUT") },
    Kind { name: "cab", make: Make::Tool("gcab -cz $OUT *") },
    Kind { name: "arj", make: Make::Tool("arj a -y $OUT.arj * && mv $OUT.arj $OUT") },
    Kind { name: "lha", make: Make::Tool("lha cq $OUT *") },
    Kind { name: "cpio", make: Make::Tool("ls | cpio --quiet -o -H newc > $OUT") },
    Kind { name: "iso", make: Make::Tool("genisoimage -quiet -J -R -o $OUT .") },
    Kind { name: "ole2", make: Make::Code(ole2) },
    Kind { name: "mail", make: Make::Code(mail) },
    Kind { name: "pdf", make: Make::Code(pdf) },
];

/// What stands in one file of an archive, and nowhere else.
pub(crate) fn marker(kind: &str, number: usize) -> String {
    format!("the marker of {kind} {number} in an archive")
}

/// The files that go into archives, in groups.
pub(crate) struct Material {
    groups: Vec<Vec<PathBuf>>,
}

impl Material {
    /// Files of a folder in groups of so many bytes, those of a middling size.
    pub(crate) fn of(folder: &Path, bytes: u64) -> Result<Self> {
        let mut files = files_under(folder)?;
        files.sort();
        let (mut groups, mut group, mut size) = (Vec::new(), Vec::new(), 0);
        for file in files {
            let length = fs::metadata(&file)?.len();
            if !(4 << 10..=2 << 20).contains(&length) {
                continue;
            }
            size += length;
            group.push(file);
            if size >= bytes {
                groups.push(std::mem::take(&mut group));
                size = 0;
            }
        }
        ensure!(!groups.is_empty(), "{}: too few files", folder.display());
        Ok(Self { groups })
    }

    /// Makes the archives of a kind, each with its marker at the end of one file.
    pub(crate) fn archives(&self, kind: &Kind, count: usize, folder: &Path) -> Result<()> {
        for (number, group) in self.groups.iter().cycle().take(count).enumerate() {
            let mut files = Vec::new();
            for (index, file) in group.iter().enumerate() {
                let mut bytes = fs::read(file)?;
                if index == group.len() / 2 {
                    bytes.extend(marker(kind.name, number).as_bytes());
                }
                files.push((format!("{index:04}"), bytes));
            }
            let out = folder.join(format!("{number}"));
            match kind.make {
                Make::Code(make) => fs::write(&out, make(&files)?)?,
                Make::Tool(command) => with_tool(command, &files, &out)?,
            }
        }
        Ok(())
    }
}

fn with_tool(command: &str, files: &[File], out: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes)?;
    }
    let output = Command::new("sh")
        .args(["-c", command])
        .env("OUT", out)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().last().unwrap_or_default();
    ensure!(output.status.success() && out.exists(), "`{command}` failed: {said}");
    Ok(())
}

fn ole2(files: &[File]) -> Result<Vec<u8>> {
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new()))?;
    for (name, bytes) in files {
        file.create_stream(format!("/{name}"))?.write_all(bytes)?;
    }
    file.flush()?;
    Ok(file.into_inner().into_inner())
}

/// Attachments in base64.
fn mail(files: &[File]) -> Result<Vec<u8>> {
    let mut mail =
        b"From: a@example.org\r\nTo: b@example.org\r\nSubject: files\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n"
            .to_vec();
    for (name, bytes) in files {
        write!(
            mail,
            "--=_b\r\nContent-Type: application/octet-stream; name=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n"
        )?;
        for line in bytes.chunks(57) {
            mail.extend(base64(line));
            mail.extend(b"\r\n");
        }
    }
    mail.extend(b"--=_b--\r\n");
    Ok(mail)
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let four = |three: &[u8]| {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letter = |place: usize| match place {
            _ if place > three.len() => b'=',
            _ => *LETTERS.get((bits >> (18 - 6 * place) & 63) as usize).unwrap_or(&b'='),
        };
        [0, 1, 2, 3].map(letter)
    };
    bytes.chunks(3).flat_map(four).collect()
}

/// Streams under Flate.
fn pdf(files: &[File]) -> Result<Vec<u8>> {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (index, (_, bytes)) in files.iter().enumerate() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes)?;
        let packed = encoder.finish()?;
        places.push(pdf.len());
        write!(
            pdf,
            "{} 0 obj\n<< /Length {} /Filter /FlateDecode >>\nstream\n",
            index + 1,
            packed.len()
        )?;
        pdf.extend(packed);
        pdf.extend(b"\nendstream\nendobj\n");
    }
    let table = pdf.len();
    let count = places.len() + 1;
    write!(pdf, "xref\n0 {count}\n0000000000 65535 f \n")?;
    for place in places {
        writeln!(pdf, "{place:010} 00000 n ")?;
    }
    write!(pdf, "trailer\n<< /Size {count} >>\nstartxref\n{table}\n%%EOF\n")?;
    Ok(pdf)
}
