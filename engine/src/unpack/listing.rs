//! What a container says of one of its entries: the facts that signatures of container metadata ask
//! about (ClamAV's `.cdb`).
//!
//! They are claims, taken as they stand: sizes are those of the headers, whatever the data turn out to
//! be. A container may list an entry more than once, as ZIP does in two headers, and list entries that
//! hold nothing, such as folders. Which containers list what is told in `docs/clamav.md`; it was tried
//! with ClamAV 1.4.

use crate::identify::clam_types::ClamType;

/// One entry as its container lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What lists it.
    pub container: ClamType,
    /// How large that is.
    pub container_size: u64,
    name: Vec<u8>,
    /// The size that it is said to take up.
    pub packed: u64,
    /// The size that it is said to have.
    pub size: u64,
    /// Whether it is said to be encrypted.
    pub encrypted: bool,
    /// Which entry it is, from 1; 0 for one that was found outside of any order.
    pub position: u64,
}

impl Listing {
    /// The kinds of containers whose entries are listed here.
    pub const KINDS: [ClamType; 8] = [
        ClamType::MAIL,
        ClamType::ZIP,
        ClamType::OOXML_HWP,
        ClamType::OOXML_PPT,
        ClamType::OOXML_WORD,
        ClamType::OOXML_XL,
        ClamType::OLD_TAR,
        ClamType::POSIX_TAR,
    ];

    /// As much of a name as ClamAV asks about.
    pub const NAME: usize = 255;

    /// An unencrypted entry of that name in a container of that kind and size, of no size itself.
    pub fn new(container: ClamType, container_size: u64, name: &[u8]) -> Self {
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let name = name.get(..Self::NAME).unwrap_or(name).to_vec();
        let (packed, size, encrypted, position) = (0, 0, false, 0);
        Self { container, container_size, name, packed, size, encrypted, position }
    }

    /// Its name, up to the first NUL and not longer than [`Listing::NAME`].
    pub fn name(&self) -> &[u8] {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_at_a_nul_and_after_255_bytes() {
        let long = [b'x'; 300];
        for (name, kept) in [(&b"a\0b"[..], &b"a"[..]), (b"", b""), (&long, &long[..255])] {
            assert_eq!(Listing::new(ClamType::ZIP, 1, name).name(), kept);
        }
    }
}
