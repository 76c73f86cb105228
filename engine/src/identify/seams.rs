//! What begins exactly where the first type ends: the overlay of a program, what follows an image.
//!
//! All rows of the table whose magic is long enough to be sure are asked there, so that at these places
//! every archive and stream is found, not only those that `embedded.rs` can recognise anywhere.

use super::FileType;
use super::archives::{end_of_7z, end_of_cab};
use super::collector::Collector;
use super::fields::{from, up_to};
use super::images::{end_of_bmp, end_of_gif, end_of_jpeg, end_of_png, end_of_riff};
use super::programs::{end_of_elf, end_of_pe};
use super::streams::is_likely_gzip;
use super::table::ROWS;

/// Images are not followed beyond this: a file may have terabytes of holes.
const LARGEST_IMAGE: usize = 1 << 30;

/// Adds what begins at the ends of what begins at 0.
pub(super) fn identify(data: &[u8], collector: &mut Collector) {
    let ends: [Option<usize>; 4] = first_four(collector.at_start().filter_map(|it| end(it, data)));
    for end in ends.into_iter().flatten().filter(|&end| end > 0) {
        identify_at(data, end, collector);
    }
}

/// Few types begin at one place; their ends need no list on the heap.
fn first_four(mut ends: impl Iterator<Item = usize>) -> [Option<usize>; 4] {
    std::array::from_fn(|_| ends.next())
}

fn end(file_type: FileType, data: &[u8]) -> Option<usize> {
    // The ends of images are found by walking them.
    let image = up_to(data, LARGEST_IMAGE);
    match file_type {
        FileType::Pe => end_of_pe(data),
        FileType::Elf => end_of_elf(data),
        FileType::Png => end_of_png(image),
        FileType::Jpeg => end_of_jpeg(image),
        FileType::Gif => end_of_gif(image),
        FileType::Bmp => end_of_bmp(data),
        FileType::Webp | FileType::Riff => end_of_riff(data),
        FileType::SevenZip => end_of_7z(data),
        FileType::Cab => end_of_cab(data),
        _ => None,
    }
}

fn identify_at(data: &[u8], seam: usize, collector: &mut Collector) {
    let behind = from(data, seam);
    for row in ROWS.iter().filter(|row| row.is_sure() && row.matches(behind)) {
        collector.add(row.file_type, seam);
    }
    if is_likely_gzip(behind) {
        collector.add(FileType::Gzip, seam);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FileType, Found, identify, samples};

    fn assert_behind(front: Vec<u8>, back: Vec<u8>, file_type: FileType) {
        let expected = Found { offset: front.len() as u64, file_type };
        let found = identify(&[front, back].concat()).found;
        assert!(found.contains(&expected), "{expected:?} not in {found:?}");
    }

    #[test]
    fn archives_and_streams_are_found_behind_programs_and_images() {
        for front in
            [samples::pe(), samples::elf(), samples::png(), samples::jpeg(), samples::gif()]
        {
            assert_behind(front.clone(), samples::tar(b"a", b"b"), FileType::Tar);
            assert_behind(
                front.clone(),
                b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b".to_vec(),
                FileType::Gzip,
            );
            assert_behind(front.clone(), samples::arj(), FileType::Arj);
            assert_behind(front.clone(), samples::pe(), FileType::Pe);
            assert_behind(front, samples::seven_zip(), FileType::SevenZip);
        }
    }

    #[test]
    fn a_file_system_behind_a_program_is_found() {
        assert_behind(samples::elf(), samples::squashfs(), FileType::Squashfs);
    }
}
