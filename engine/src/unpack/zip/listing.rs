//! What the headers of an archive say of its entries, in ClamAV's terms, as tried with 1.4.
//!
//! - Of an archive that is all of the object, both headers of every record of the directory; of no entry
//!   that only has a local header.
//! - Of an archive in the middle of other data, every local header, as an archive of its own that reaches
//!   to the end; and so of every local header in an office document but the first.
//! - Office documents are containers of their own kinds. The first three local headers, as they follow
//!   each other in the bytes and not too far behind each other, are asked for the folders of such a
//!   document. If none is there but one of the three hints at a document, the central directory is asked.

use memchr::memmem;

use super::records::{CENTRAL, Central, Claim, LOCAL, Local};
use crate::identify::clam_types::ClamType;
use crate::reader::Reader;
use crate::unpack::Listing;

/// One archive, as far as listings need to know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lister {
    /// Where it begins in the object.
    start: u64,
    /// The object's size.
    size: u64,
    kind: ClamType,
}

impl Lister {
    /// The archive that begins at `start`, whose first directory is at `directory`.
    pub(super) fn new(zip: &[u8], start: u64, directory: Option<u64>) -> Self {
        let kind = if start == 0 { kind(zip, directory) } else { ClamType::ZIP };
        Self { start, size: zip.len() as u64, kind }
    }

    /// What is said of an entry of the directory, whose local header is at `at`, if it is one.
    pub(super) fn listed(
        &self,
        central: &Central<'_>,
        local: Option<&Local<'_>>,
        at: u64,
        position: u64,
    ) -> Vec<Listing> {
        let mut listings = Vec::new();
        if self.start == 0 {
            let headers = [Some((central.name, &central.claim)), local.map(|l| (l.name, &l.claim))];
            for (name, claim) in headers.into_iter().flatten() {
                let mut listing = listing(self.kind, self.size, name, claim);
                listing.position = position;
                listings.push(listing);
            }
        }
        listings.extend(local.and_then(|local| self.alone(local, at)));
        listings
    }

    /// What is said of an entry by a local header as an archive of its own.
    pub(super) fn alone(&self, local: &Local<'_>, at: u64) -> Option<Listing> {
        let is_taken = self.start > 0 || (self.kind != ClamType::ZIP && at > 0);
        let size = self.size.saturating_sub(at);
        is_taken.then(|| listing(ClamType::ZIP, size, local.name, &local.claim))
    }
}

fn listing(container: ClamType, container_size: u64, name: &[u8], claim: &Claim) -> Listing {
    let mut listing = Listing::new(container, container_size, name);
    listing.packed = claim.packed;
    listing.size = claim.size;
    listing.encrypted = claim.has_encryption_bit();
    listing
}

/// What the name of an entry begins with that makes an archive an office document of a kind.
const FOLDERS: [(&[u8], ClamType); 4] = [
    (b"word/", ClamType::OOXML_WORD),
    (b"xl/", ClamType::OOXML_XL),
    (b"ppt/", ClamType::OOXML_PPT),
    (b"Contents/content.hpf", ClamType::OOXML_HWP),
];

/// What names begin with that hint at an office document.
const HINTS: [&[u8]; 7] = [
    b"[Content_Types].xml",
    b"docProps/",
    b"customXml/",
    b"mimetype",
    b"Contents/",
    b"version.xml",
    b"settings.xml",
];

/// How far from the start the first, second and third local header are looked for.
const REACH: [usize; 3] = [0, 30_221, 29_246];

/// The kind of an archive that is all of the object, whose first directory begins at `directory`.
fn kind(zip: &[u8], directory: Option<u64>) -> ClamType {
    let (mut from, mut hinted) = (0_usize, false);
    for reach in REACH {
        let near = zip.get(..reach.saturating_add(LOCAL.len())).unwrap_or(zip);
        let Some(found) = near.get(from..).and_then(|rest| memmem::find(rest, LOCAL)) else {
            return ClamType::ZIP;
        };
        let at = from.saturating_add(found);
        let Ok(local) = Local::read(zip, at as u64) else { return ClamType::ZIP };
        if let Some(kind) = office(local.name) {
            return kind;
        }
        hinted |= HINTS.iter().any(|hint| local.name.starts_with(hint));
        from = at.saturating_add(LOCAL.len());
    }
    let listed = directory.filter(|_| hinted).and_then(|at| in_directory(zip, at));
    listed.unwrap_or(ClamType::ZIP)
}

fn office(name: &[u8]) -> Option<ClamType> {
    FOLDERS.iter().find(|(folder, _)| name.starts_with(folder)).map(|(_, kind)| *kind)
}

fn in_directory(zip: &[u8], at: u64) -> Option<ClamType> {
    let mut reader = Reader::at(zip, at).ok()?;
    while reader.rest().starts_with(CENTRAL) {
        let central = Central::read(&mut reader)?;
        if let Some(kind) = office(central.name) {
            return Some(kind);
        }
    }
    None
}
