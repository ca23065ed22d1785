//! Any bytes as a model file: what is read can be written, and reads the same again; so does the model that is in it.
#![no_main]

use eckart::Factorization;
use eckart::data::model_file::{model_bytes, parse_model_file};
use libfuzzer_sys::fuzz_target;

fn check(bytes: &[u8]) {
    if let Ok(model) = parse_model_file(bytes) {
        let written = model_bytes(&model).expect("what was read can be written");
        let again = parse_model_file(&written).expect("what was written can be read");
        assert_eq!(written, model_bytes(&again).expect("and written again"));
        // What was written has checksums, so that contents of every kind get beyond them.
        if let Ok(found) = Factorization::from_bytes(&written) {
            let bytes = found.to_bytes().expect("a model that was read can be written");
            let back = Factorization::from_bytes(&bytes).expect("and read");
            assert_eq!(bytes, back.to_bytes().expect("and written again"));
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // With the length of the header in place, more of them get to it.
    if let Some(end) = bytes.iter().position(|&b| b == b'\n') {
        let mut whole = (end as u64).to_le_bytes().to_vec();
        whole.extend_from_slice(&bytes[..end]);
        whole.extend_from_slice(&bytes[end + 1..]);
        check(&whole);
    }
});
