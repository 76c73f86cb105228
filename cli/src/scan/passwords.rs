//! Passwords for encrypted archives, from the command line and from a file.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::args::PasswordArgs;
use crate::outcome::Failure;

/// All of them: those of the command line, then those of the files, a line each, as bytes.
pub(super) fn read(args: &PasswordArgs) -> Result<Vec<Vec<u8>>, Failure> {
    let mut passwords: Vec<_> = args.password.iter().map(|word| word.as_bytes().to_vec()).collect();
    for path in &args.passwords_file {
        let text = fs::read(path).map_err(|error| Failure::on_file("read", path, &error))?;
        passwords.extend(lines(&text).map(<[u8]>::to_vec));
    }
    Ok(passwords)
}

/// The lines that are not empty, without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|&byte| byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_password_whatever_its_bytes() {
        let text = b"plain\r\n two words \n\n\xff\xfe\n#5\r\nlast";
        let found: Vec<_> = lines(text).collect();
        assert_eq!(found, [&b"plain"[..], b" two words ", b"\xff\xfe", b"#5", b"last"]);
    }
}
