//! Png: small pictures.
//! In: bytes, grey or red-green-blue, row by row.  Out: a PNG file in memory.
//! Invariant: the same pixels give the same bytes; nothing but the pixels is in it.
//! Not here: what a pixel stands for (see `report`).

use std::io::Write;

use flate2::Compression;
use flate2::Crc;
use flate2::write::ZlibEncoder;

use crate::error::{Code, Error, Result};

/// A PNG of `width` x `height` pixels of 8 bits per channel (ISO/IEC 15948): `pixels` holds a byte per pixel (grey, 0
/// black) or three (red, green, blue), row by row.
///
/// # Errors
/// `Data` where a side is 0 or the number of bytes fits neither.
pub fn png(width: usize, height: usize, pixels: &[u8]) -> Result<Vec<u8>> {
    let count = width.saturating_mul(height);
    let channels = [1, 3].into_iter().find(|channels| count > 0 && pixels.len() == count.saturating_mul(*channels));
    let (Some(channels), Ok(across), Ok(down)) = (channels, u32::try_from(width), u32::try_from(height)) else {
        let message = format!("{} bytes are no picture of {width} x {height} pixels", pixels.len());
        return Err(Error::data(Code::WrongCount, message, "Pass a byte per pixel, or three"));
    };
    let mut header = Vec::from(across.to_be_bytes());
    header.extend(down.to_be_bytes());
    // 8 bits per channel, grey or colour, and the only ways of packing, filtering and ordering that there are.
    header.extend([8, if channels == 1 { 0 } else { 2 }, 0, 0, 0]);
    let mut out = Vec::from(b"\x89PNG\r\n\x1a\n");
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"IDAT", &packed(pixels, width * channels));
    chunk(&mut out, b"IEND", &[]);
    Ok(out)
}

/// The lines, each after the number of its filter (0: none).
fn packed(pixels: &[u8], line: usize) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
    // A vector takes everything.
    for bytes in pixels.chunks(line) {
        let _ = out.write_all(&[0]);
        let _ = out.write_all(bytes);
    }
    out.finish().unwrap_or_default()
}

fn chunk(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(body);
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(name);
    out.extend(body);
    out.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_standard() {
        let file = png(2, 2, &[0, 128, 255, 7]).unwrap();
        assert_eq!(&file[..16], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
        assert_eq!(&file[16..29], [0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
        // The last chunk is the same in every PNG, its checksum included.
        assert_eq!(&file[file.len() - 12..], b"\0\0\0\0IEND\xaeB`\x82");
        let length = u32::from_be_bytes([file[33], file[34], file[35], file[36]]) as usize;
        let mut pixels = Vec::new();
        flate2::read::ZlibDecoder::new(&file[41..41 + length]).read_to_end(&mut pixels).unwrap();
        assert_eq!(pixels, [0, 0, 128, 0, 255, 7]);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert_eq!(png(1, 1, &[1, 2, 3]).unwrap()[25], 2);
        for (width, height, bytes) in [(0, 1, 0), (2, 2, 3), (2, 2, 8), (usize::MAX, 2, 4)] {
            assert_eq!(png(width, height, &vec![0; bytes]).unwrap_err().code(), Code::WrongCount);
        }
    }
}
