//! Standard input.
//!
//! A redirected file is scanned as the file it is, however large. A pipe is read by a thread of its
//! own, so that a sender who says nothing can keep neither Ctrl-C nor the time limit from working: a
//! read that waits for long is given back to the engine as interrupted.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use pellucid::verdict::Report;
use pellucid::{Engine, Input, ScanOptions};

const PIECE: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_millis(50);

/// Scans what stands on standard input.
pub(super) fn scan(engine: &Engine, options: &ScanOptions) -> Report {
    match redirected_file() {
        Some(file) => engine.scan(Input::File(&file), options),
        None => engine.scan(Input::Reader(&mut PatientReader::new(io::stdin())), options),
    }
}

/// Standard input as a file, where it is one that nobody has begun to read.
fn redirected_file() -> Option<File> {
    let mut file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    let whole = file.metadata().ok()?.is_file() && file.stream_position().ok()? == 0;
    whole.then_some(file)
}

/// Reads from a source that may never answer.
struct PatientReader {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: io::Cursor<Vec<u8>>,
}

impl PatientReader {
    fn new(source: impl Read + Send + 'static) -> Self {
        let (sender, pieces) = sync_channel(2);
        // The thread ends with the source, with this reader, or with the program.
        thread::spawn(move || feed(source, &sender));
        Self { pieces, piece: io::Cursor::default() }
    }
}

impl Read for PatientReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => self.piece = io::Cursor::new(piece?),
                Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::Interrupted.into()),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
    }
}

fn feed(mut source: impl Read, pieces: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let read = match source.read(&mut piece) {
            Ok(0) => return,
            Ok(count) => {
                piece.truncate(count);
                Ok(piece)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let last = read.is_err();
        if pieces.send(read).is_err() || last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_arrives() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        let mut read = Vec::new();
        // `read_to_end` tries again when it is interrupted.
        PatientReader::new(io::Cursor::new(bytes.clone())).read_to_end(&mut read).unwrap();
        assert!(read == bytes);
    }

    #[test]
    fn a_silent_sender_does_not_hold_the_reader() {
        struct Silent;
        impl Read for Silent {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                loop {
                    thread::park();
                }
            }
        }
        let error = PatientReader::new(Silent).read(&mut [0; 16]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn an_error_is_passed_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::PermissionDenied.into())
            }
        }
        let error = PatientReader::new(Broken).read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
