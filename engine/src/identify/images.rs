//! Images, media and fonts: the checks behind their magic numbers, and where images end.
//!
//! What follows the end of an image is a favourite hiding place, so the formats that carry their own
//! end are walked to it: PNG (ISO 15948), JPEG (ITU T.81), GIF89a, BMP and RIFF.

use super::fields::{from, has, part, place_le, u8, u16_be, u16_le, u32_be, u32_le};

/// Whether the bitmap header behind the file header has a known size and the reserved fields are zero.
pub(super) fn is_bmp(data: &[u8]) -> bool {
    let is_known = matches!(u32_le(data, 14), Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124));
    is_known && place_le(data, 10).is_some_and(|pixels| pixels >= 26)
}

/// Whether the first entry of an icon's or cursor's directory leads to an image.
pub(super) fn is_icon(data: &[u8]) -> bool {
    let is_entry = || {
        let count = usize::from(u16_le(data, 4)?);
        let directory = count.checked_mul(16)?.checked_add(6)?;
        let is_reserved_zero = matches!(u8(data, 9)?, 0 | 255);
        // Planes and bits a pixel, or for a cursor where it points to.
        let is_small = u16_le(data, 10)? <= 256 && u16_le(data, 12)? <= 256;
        let length = u32_le(data, 14)?;
        let place = place_le(data, 18)?;
        let is_image = length >= 40 && (directory..data.len()).contains(&place);
        Some((1..=1024).contains(&count) && is_reserved_zero && is_small && is_image)
    };
    is_entry().unwrap_or(false)
}

/// Whether the first record of an enhanced metafile is its header.
pub(super) fn is_emf(data: &[u8]) -> bool {
    u32_le(data, 0) == Some(1) && u32_le(data, 4).is_some_and(|length| length >= 88)
}

/// Whether version and length of a Flash movie make sense.
pub(super) fn is_flash(data: &[u8]) -> bool {
    let is_version = u8(data, 3).is_some_and(|version| (1..=60).contains(&version));
    is_version && u32_le(data, 4).is_some_and(|length| (9..0x1000_0000).contains(&length))
}

/// Whether a form type follows, of four printable letters.
pub(super) fn is_riff(data: &[u8]) -> bool {
    part(data, 8, 4).is_some_and(|form| form.iter().all(|byte| matches!(byte, b' '..=b'~')))
}

/// Whether the version and the size of an ID3 tag are possible.
pub(super) fn is_id3(data: &[u8]) -> bool {
    let is_version = matches!(u8(data, 3), Some(2..=4)) && u8(data, 4) == Some(0);
    is_version && part(data, 6, 4).is_some_and(|size| size.iter().all(|byte| byte & 0x80 == 0))
}

/// Whether two frames of MPEG audio, layer III, follow each other.
pub(super) fn is_mpeg_audio(data: &[u8]) -> bool {
    let is_next = || {
        let first = u32_be(data, 0)?;
        let second = u32_be(data, mpeg_frame_length(first)?)?;
        mpeg_frame_length(second)?;
        // Version, layer and sampling rate stay the same.
        Some((first ^ second) & 0xfffe_0c00 == 0)
    };
    is_next().unwrap_or(false)
}

fn mpeg_frame_length(header: u32) -> Option<usize> {
    const RATES_1: [u32; 16] =
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
    const RATES_2: [u32; 16] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
    const SAMPLINGS: [u32; 4] = [44_100, 48_000, 32_000, 0];
    let field = |shift: u32, mask: u32| (header >> shift) & mask;
    let is_layer_3 = field(21, 0x7ff) == 0x7ff && field(17, 3) == 1;
    let (rates, halved, factor) = match field(19, 3) {
        3 => (RATES_1, 0, 144_000_u32),
        2 => (RATES_2, 1, 72_000),
        0 => (RATES_2, 2, 72_000),
        _ => return None,
    };
    let rate = *rates.get(field(12, 15) as usize)?;
    let sampling = *SAMPLINGS.get(field(10, 3) as usize)? >> halved;
    let length = factor.checked_mul(rate)?.checked_div(sampling)?.checked_add(field(9, 1))?;
    (is_layer_3 && rate > 0).then_some(length as usize)
}

/// Whether the table directory of a TrueType font has search fields that follow from its length.
pub(super) fn is_font(data: &[u8]) -> bool {
    let is_directory = || {
        let tables = u16_be(data, 4)?;
        let range = 1_u16.checked_shl(tables.checked_ilog2()?)?.checked_mul(16)?;
        Some(u16_be(data, 6)? == range)
    };
    is_directory().unwrap_or(false)
}

/// Where a PNG image ends: behind its IEND chunk.
pub(super) fn end_of_png(data: &[u8]) -> Option<usize> {
    let mut at = 8_usize;
    loop {
        let length = usize::try_from(u32_be(data, at)?).ok()?;
        let is_last = has(data, at.checked_add(4)?, b"IEND");
        at = at.checked_add(length)?.checked_add(12)?;
        if is_last {
            return Some(at);
        }
    }
}

/// Where a JPEG image ends: behind its EOI marker, which is not that of a preview inside.
pub(super) fn end_of_jpeg(data: &[u8]) -> Option<usize> {
    let mut at = 2_usize;
    loop {
        if u8(data, at)? != 0xff {
            return None;
        }
        let marker = u8(data, at.checked_add(1)?)?;
        at = match marker {
            0xff => at.checked_add(1)?,
            0xd9 => return at.checked_add(2),
            0x01 | 0xd0..=0xd8 => at.checked_add(2)?,
            _ => {
                let length = u16_be(data, at.checked_add(2)?)?;
                let end = at.checked_add(2)?.checked_add(length.into())?;
                if marker == 0xda { end_of_scan(data, end)? } else { end }
            }
        };
    }
}

/// Where the coded data of a scan ends: at a marker other than a restart.
fn end_of_scan(data: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at = at.checked_add(memchr::memchr(0xff, data.get(at..)?)?)?;
        match u8(data, at.checked_add(1)?)? {
            0x00 | 0xd0..=0xd7 => at = at.checked_add(2)?,
            0xff => at = at.checked_add(1)?,
            _ => return Some(at),
        }
    }
}

/// Where a GIF image ends: behind its trailer.
pub(super) fn end_of_gif(data: &[u8]) -> Option<usize> {
    let mut at = 13_usize.checked_add(color_table(u8(data, 10)?))?;
    loop {
        at = match u8(data, at)? {
            b';' => return at.checked_add(1),
            b'!' => end_of_sub_blocks(data, at.checked_add(2)?)?,
            b',' => {
                let colors = color_table(u8(data, at.checked_add(9)?)?);
                end_of_sub_blocks(data, at.checked_add(11)?.checked_add(colors)?)?
            }
            _ => return None,
        };
    }
}

/// The size of a color table by the flags of its owner.
fn color_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 6 << (flags & 7) }
}

fn end_of_sub_blocks(data: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let length = usize::from(u8(data, at)?);
        at = at.checked_add(length)?.checked_add(1)?;
        if length == 0 {
            return Some(at);
        }
    }
}

/// Where a bitmap ends by its header.
pub(super) fn end_of_bmp(data: &[u8]) -> Option<usize> {
    place_le(data, 2).filter(|&length| length > 54)
}

/// Where a RIFF file ends by its header.
pub(super) fn end_of_riff(data: &[u8]) -> Option<usize> {
    let length = if has(data, 0, b"RIFX") { u32_be(data, 4)? } else { u32_le(data, 4)? };
    let even = length.checked_next_multiple_of(2)?;
    usize::try_from(even).ok()?.checked_add(8).filter(|_| !from(data, 12).is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn images_end_where_their_format_says() {
        let tail = b"something behind it";
        type End = fn(&[u8]) -> Option<usize>;
        let cases: [(Vec<u8>, End); 5] = [
            (samples::png(), end_of_png),
            (samples::jpeg(), end_of_jpeg),
            (samples::gif(), end_of_gif),
            (samples::bmp(), end_of_bmp),
            (samples::webp(), end_of_riff),
        ];
        for (image, end) in cases {
            let data = [image.clone(), tail.to_vec()].concat();
            assert_eq!(end(&data), Some(image.len()));
        }
    }

    #[test]
    fn broken_images_have_no_end() {
        assert_eq!(end_of_png(&samples::png()[..30]), None);
        assert_eq!(end_of_png(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT"), None);
        assert_eq!(end_of_jpeg(b"\xff\xd8\xff\xe0\0\0garbage"), None);
        assert_eq!(end_of_jpeg(&b"\xff\xd8\xff\xda\0\x02".repeat(3)), None);
        assert_eq!(end_of_gif(&[b"GIF89a".to_vec(), vec![0xff; 4000]].concat()), None);
    }

    #[test]
    fn audio_needs_a_second_frame() {
        let frame = samples::mpeg_frame();
        assert!(is_mpeg_audio(&frame.repeat(2)));
        assert!(!is_mpeg_audio(&frame));
        assert!(!is_mpeg_audio(&[0xff; 5000]));
    }
}
