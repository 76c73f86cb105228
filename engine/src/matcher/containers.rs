//! What an object lies in: the layers that signatures ask about with `Container:` and `Intermediates:`.
//!
//! The rules are ClamAV's, tried with 1.4:
//!
//! - What is recognised in the middle of something else lies in two layers: the whole, and itself. An
//!   archive behind a program is `CL_TYPE_MSEXE>CL_TYPE_ZIP`.
//! - What lies in an office document was scanned by ClamAV twice: in the document, and in the ZIP archive
//!   in it. So the archive is a layer that may be left out.
//! - `Intermediates:` is compared from the innermost layer outward. `CL_TYPE_ANY` asks nothing and takes no
//!   layer, but there must be at least as many layers as kinds are named.

#![warn(clippy::arithmetic_side_effects)]

use crate::identify::clam_types::ClamType;
use crate::identify::{FileType, Found, Identification, TypeSet};

/// Kinds that one `Intermediates:` may name.
pub const MAX_INTERMEDIATES: usize = 16;

/// Office documents that ClamAV tells from other ZIP archives.
const OFFICE: [FileType; 3] = [FileType::Docx, FileType::Xlsx, FileType::Pptx];

/// One layer around an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it is.
    pub types: TypeSet,
    /// Whether the layers count without it, too.
    pub optional: bool,
}

impl Layer {
    fn new(types: impl IntoIterator<Item = FileType>) -> Self {
        Self { types: types.into_iter().collect(), optional: false }
    }
}

/// The layers around what is unpacked from `found` in an object that lies in `outer`; outermost first.
pub fn layers(outer: &[Layer], identified: &Identification, found: &Found) -> Vec<Layer> {
    let mut layers = outer.to_vec();
    if found.offset > 0 {
        let whole = identified.types_at_start();
        let unknown = Layer::new([FileType::Data]);
        layers.push(if whole.is_empty() {
            unknown
        } else {
            Layer { types: whole, optional: false }
        });
    }
    let here = identified.found.iter().filter(|other| other.offset == found.offset);
    let office = Layer::new(here.map(|other| other.file_type).filter(|kind| OFFICE.contains(kind)));
    let is_office = found.file_type == FileType::Zip && !office.types.is_empty();
    if is_office {
        layers.push(office);
    }
    layers.push(Layer { optional: is_office, ..Layer::new([found.file_type]) });
    layers
}

/// Whether the object lies directly in something of this kind; `CL_TYPE_ANY` asks that it lies in nothing.
pub fn lies_in(layers: &[Layer], kind: ClamType) -> bool {
    let Some((last, rest)) = layers.split_last() else { return kind.is_any() };
    kind.fits(last.types)
        || last.optional && rest.last().is_some_and(|before| kind.fits(before.types))
}

/// Whether the layers end with these kinds, outermost first.
pub fn end_with(layers: &[Layer], kinds: &[ClamType]) -> bool {
    // The fewest layers left out on the way to each number of layers that are used up.
    let mut left_out = vec![None; layers.len().saturating_add(1)];
    if let Some(start) = left_out.first_mut() {
        *start = Some(0_usize);
    }
    skip_optional(layers, &mut left_out);
    for kind in kinds.iter().rev().filter(|kind| !kind.is_any()) {
        let mut next = vec![None; left_out.len()];
        let steps = left_out.iter().zip(next.iter_mut().skip(1)).zip(layers.iter().rev());
        for ((&before, after), layer) in steps {
            *after = before.filter(|_| kind.fits(layer.types));
        }
        left_out = next;
        skip_optional(layers, &mut left_out);
    }
    let most = layers.len();
    left_out.into_iter().flatten().any(|fewest| kinds.len() <= most.saturating_sub(fewest))
}

/// Leaves out optional layers, from the innermost outward.
fn skip_optional(layers: &[Layer], left_out: &mut [Option<usize>]) {
    for (used, layer) in layers.iter().rev().enumerate() {
        let before = left_out.get(used).copied().flatten().filter(|_| layer.optional);
        if let (Some(before), Some(after)) = (before, left_out.get_mut(used.saturating_add(1))) {
            let more = before.saturating_add(1);
            *after = Some(after.map_or(more, |fewest| fewest.min(more)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::FileType::*;

    fn kinds(names: &str) -> Vec<ClamType> {
        let kind = |name| ClamType::from_name(&format!("CL_TYPE_{name}")).unwrap();
        names.split('>').map(kind).collect()
    }

    fn plain(types: &[FileType]) -> Vec<Layer> {
        types.iter().map(|&file_type| Layer::new([file_type])).collect()
    }

    #[test]
    fn any_asks_nothing_and_takes_no_layer() {
        let layers = plain(&[Gzip, Tar, Zip]);
        let held = [
            "ANY",
            "ZIP",
            "ANY>ANY",
            "ANY>ZIP",
            "POSIX_TAR>ZIP",
            "ZIP>ANY",
            "ANY>ANY>ANY",
            "ANY>ANY>ZIP",
            "ANY>POSIX_TAR>ZIP",
            "ANY>ZIP>ANY",
            "GZ>POSIX_TAR>ZIP",
            "POSIX_TAR>ANY>ZIP",
            "POSIX_TAR>ZIP>ANY",
            "ZIP>ANY>ANY",
        ];
        for names in held {
            assert!(end_with(&layers, &kinds(names)), "{names}");
        }
        let others = [
            "GZ",
            "GZ>ANY>ZIP",
            "GZ>POSIX_TAR>ANY",
            "ZIP>ZIP",
            "ANY>ANY>ANY>ANY",
            "ANY>ANY>ANY>ZIP",
        ];
        for names in others {
            assert!(!end_with(&layers, &kinds(names)), "{names}");
        }
        assert!(!end_with(&[], &kinds("ANY")));
    }

    #[test]
    fn containers() {
        let layers = plain(&[Gzip, Tar]);
        let holds = |names: &str| lies_in(&layers, kinds(names)[0]);
        assert!(holds("POSIX_TAR") && !holds("GZ") && !holds("ANY"));
        assert!(lies_in(&[], kinds("ANY")[0]) && !lies_in(&[], kinds("ZIP")[0]));
    }

    #[test]
    fn an_office_document_is_a_layer_with_and_without_its_archive() {
        let found = |file_type| Found::new(file_type, 0);
        let document = Identification {
            found: vec![found(Zip), found(Ooxml), found(Xlsx)],
            ..Identification::default()
        };
        let layers = layers(&plain(&[Zip]), &document, &found(Zip));
        for name in ["ZIP", "OOXML_XL"] {
            assert!(lies_in(&layers, kinds(name)[0]), "{name}");
        }
        assert!(!lies_in(&layers, kinds("OOXML_WORD")[0]));
        for names in ["ZIP>OOXML_XL", "ZIP>OOXML_XL>ZIP", "OOXML_XL", "ANY>ANY>ANY", "ZIP>ANY>ANY"]
        {
            assert!(end_with(&layers, &kinds(names)), "{names}");
        }
        for names in ["ZIP>ZIP", "ANY>ZIP>OOXML_XL", "ANY>ANY>ANY>ANY"] {
            assert!(!end_with(&layers, &kinds(names)), "{names}");
        }
    }

    #[test]
    fn what_is_found_in_the_middle_lies_in_the_whole() {
        let found = vec![Found::new(Pe, 0), Found::new(Zip, 500)];
        let mut program = Identification { found, ..Identification::default() };
        let inside = layers(&[], &program, &Found::new(Zip, 500));
        assert!(end_with(&inside, &kinds("MSEXE>ZIP")) && lies_in(&inside, kinds("ZIP")[0]));
        program.found.remove(0);
        let inside = layers(&[], &program, &Found::new(Zip, 500));
        assert!(end_with(&inside, &kinds("BINARY_DATA>ZIP")));
    }
}
