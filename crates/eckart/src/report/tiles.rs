//! Tiles: lines of numbers as small pictures.
//! In: the numbers of a picture, row by row; its shape; the number that is brightest.  Out: a PNG as a data address.
//! Invariant: black is 0; brighter is larger where nothing is negative, else positive is blue and negative orange.
//! Not here: the file format (see `data`).

use crate::data::png;
use crate::error::Result;

/// Red, green and blue of a missing number, of 0, and of half and all of the largest, positive and negative. Blue and
/// orange are told apart by every kind of colour blindness.
const MISSING: [f64; 3] = [110.0, 104.0, 128.0];
const ZERO: [f64; 3] = [12.0, 14.0, 18.0];
const POSITIVE: [[f64; 3]; 2] = [[34.0, 112.0, 190.0], [190.0, 226.0, 255.0]];
const NEGATIVE: [[f64; 3]; 2] = [[190.0, 92.0, 16.0], [255.0, 220.0, 170.0]];

/// What a picture's brightest number is, and whether there is a negative one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    most: f64,
    signed: bool,
}

impl Scale {
    /// The scale of some numbers.
    pub(super) fn of<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> Self {
        let mut scale = Self { most: 0.0, signed: false };
        for x in numbers {
            scale.most = scale.most.max(x.abs());
            scale.signed |= *x < 0.0;
        }
        scale
    }

    /// The same for numbers of both signs.
    pub(super) fn signed(self) -> Self {
        Self { signed: true, ..self }
    }
}

/// A picture of `height` x `width` numbers as the address of an image.
pub(super) fn tile(numbers: &[f64], (height, width): (usize, usize), scale: Scale) -> Result<String> {
    let share = |x: f64| if scale.most > 0.0 { (x / scale.most).clamp(-1.0, 1.0) } else { 0.0 };
    let grey = !scale.signed && numbers.iter().all(|x| !x.is_nan());
    let pixels: Vec<u8> = if grey {
        numbers.iter().map(|&x| (255.0 * share(x).max(0.0)).round() as u8).collect()
    } else {
        numbers.iter().flat_map(|&x| if x.is_nan() { bytes(MISSING) } else { colour(share(x), scale.signed) }).collect()
    };
    Ok(format!("data:image/png;base64,{}", base64(&png(width, height, &pixels)?)))
}

fn colour(share: f64, signed: bool) -> [u8; 3] {
    if !signed {
        return [(255.0 * share.max(0.0)).round() as u8; 3];
    }
    let [half, all] = if share < 0.0 { NEGATIVE } else { POSITIVE };
    let size = share.abs();
    let (from, to, part) = if size < 0.5 { (ZERO, half, 2.0 * size) } else { (half, all, 2.0 * size - 1.0) };
    bytes([0, 1, 2].map(|k| from[k] + part * (to[k] - from[k])))
}

fn bytes(colour: [f64; 3]) -> [u8; 3] {
    colour.map(|c| c.round() as u8)
}

/// Base64 (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().enumerate().fold(0_u32, |bits, (k, &byte)| bits | u32::from(byte) << (16 - 8 * k));
        for k in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * k) & 63) as usize];
            out.push(if k <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        let check = |text: &str, expected: &str| assert_eq!(base64(text.as_bytes()), expected);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foobar", "Zm9vYmFy");
    }

    #[test]
    fn signs_have_colours_of_their_own() {
        let [blue, orange, black] = [1.0, -1.0, 0.0].map(|share| colour(share, true));
        assert!(blue[2] > blue[0] && orange[0] > orange[2] && black.iter().all(|&c| c < 20));
        assert_eq!([0.0, 0.5, 1.0].map(|share| colour(share, false)), [[0; 3], [128; 3], [255; 3]]);
        let scale = Scale::of(&[1.0, -2.0, f64::NAN]);
        assert_eq!((scale.most, scale.signed), (2.0, true));
    }

    #[test]
    fn a_picture_of_zeros_or_holes_is_one() {
        for numbers in [[0.0; 4], [f64::NAN; 4]] {
            assert!(
                tile(&numbers, (2, 2), Scale::of(&numbers)).unwrap().starts_with("data:image/png;base64,iVBORw0KGgo")
            );
        }
    }
}
