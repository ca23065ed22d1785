//! Any bytes after a Matrix Market banner, which the first byte picks: a matrix or an error, never a panic.
#![no_main]

use eckart::data::{Duplicates, ReadOptions, read_mtx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let banners = [
        "coordinate real general",
        "coordinate integer symmetric",
        "coordinate real skew-symmetric",
        "coordinate pattern general",
        "array real general",
        "array integer symmetric",
        "array real skew-symmetric",
    ];
    let Some((&pick, rest)) = bytes.split_first() else { return };
    // The last choice leaves the banner to the bytes, too.
    let banner = banners.get(usize::from(pick) % (banners.len() + 1));
    let mut text = banner.map_or(Vec::new(), |banner| format!("%%MatrixMarket matrix {banner}\n").into_bytes());
    text.extend_from_slice(rest);
    let strict = read_mtx(text.as_slice(), &ReadOptions::default());
    for duplicates in [Duplicates::Sum, Duplicates::Last] {
        let lenient = read_mtx(text.as_slice(), &ReadOptions { duplicates, ..ReadOptions::default() });
        if let Ok(strict) = &strict {
            let lenient = lenient.expect("a file without duplicates is read under any policy");
            assert_eq!(strict.values_f64().len(), lenient.values_f64().len());
        }
    }
});
