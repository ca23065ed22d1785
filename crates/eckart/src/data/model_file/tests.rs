//! Tests of model files: the crate safetensors as oracle, damage of every kind, random contents.

use proptest::prelude::*;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

use super::header::CHECKSUM;
use super::*;
use crate::data::{Dtype, Matrix};
use crate::error::{Code, check_error};

fn model() -> ModelFile {
    let mut model = ModelFile::default();
    model.tensors.insert("W".to_owned(), Matrix::dense(2, 1, vec![1.0f32, f32::NAN]).unwrap().into());
    model.tensors.insert("\"H\"\n".to_owned(), Matrix::dense(1, 2, vec![0.5, -0.0]).unwrap().into());
    model.tensors.insert("ids".to_owned(), Tensor::I64(vec![i64::MIN, -1, 7]));
    model.tensors.insert("counts".to_owned(), Tensor::U64(vec![u64::MAX]));
    model.tensors.insert("costs".to_owned(), Tensor::F64(vec![f64::INFINITY, f64::NAN]));
    model.tensors.insert("few".to_owned(), Tensor::F32(vec![1.5]));
    model.tensors.insert("text".to_owned(), Tensor::U8(b"none".to_vec()));
    model.tensors.insert("nothing".to_owned(), Tensor::U8(Vec::new()));
    model.metadata.insert("objective".to_owned(), "minimize sum((X - W @ H)**2) \u{2265} \"0\"".to_owned());
    model
}

#[test]
fn the_crate_safetensors_reads_it() {
    let bytes = model_bytes(&model()).unwrap();
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    let w = theirs.tensor("W").unwrap();
    assert_eq!((w.dtype(), w.shape()), (safetensors::Dtype::F32, &[2, 1][..]));
    assert_eq!(w.data(), [1.0f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat());
    assert_eq!(theirs.tensor("\"H\"\n").unwrap().shape(), [1, 2]);
    let ids = theirs.tensor("ids").unwrap();
    assert_eq!((ids.dtype(), ids.shape()), (safetensors::Dtype::I64, &[3][..]));
    assert_eq!(theirs.tensor("nothing").unwrap().shape(), [0]);
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["objective"], model().metadata["objective"]);
}

/// What docs/format.md says of the checksums, by another route than the writer's: each tensor as the crate
/// safetensors sees it.
#[test]
fn checksums_are_those_of_the_documentation() {
    let bytes = model_bytes(&model()).unwrap();
    let (length, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    let mut expected = Sha256::digest(&bytes[..8 + length]).to_vec();
    let names = header.offset_keys();
    for name in names.iter().filter(|name| *name != CHECKSUM) {
        expected.extend_from_slice(&Sha256::digest(theirs.tensor(name).unwrap().data()));
    }
    let sums = theirs.tensor(CHECKSUM).unwrap();
    assert_eq!((sums.shape(), sums.data()), (&[names.len(), 32][..], &expected[..]));
    assert!(bytes.ends_with(&expected));
}

#[test]
fn every_flipped_bit_and_every_cut_is_found() {
    let mut model = model();
    model.metadata.insert("eckart".to_owned(), "0.1.0".to_owned());
    model.metadata.insert("format".to_owned(), "2".to_owned());
    let bytes = model_bytes(&model).unwrap();
    assert!(parse_model_file(&bytes).is_ok());
    let mut said = std::collections::BTreeSet::new();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut other = bytes.clone();
            other[at] ^= 1 << bit;
            // In the key `eckart` or `format` a flip makes a file of nobody's, whose checksums are wrong all the same.
            said.insert(
                parse_model_file(&other)
                    .expect_err("a flipped bit")
                    .to_string()
                    .split(", by")
                    .next()
                    .unwrap()
                    .to_owned(),
            );
        }
        assert!(parse_model_file(&bytes[..at]).is_err(), "cut off at {at}");
    }
    for expected in ["its header is not what was written", "the numbers of \"W\" are not what was written"] {
        assert!(said.iter().any(|text| text.contains(expected)), "{said:?}");
    }
    let longer = [&bytes[..], &[0]].concat();
    check_error(&parse_model_file(&longer).unwrap_err(), Code::TrailingData, "1 bytes");
}

#[test]
fn only_what_is_wanted_is_kept_and_all_of_it_is_checked() {
    let bytes = model_bytes(&model()).unwrap();
    let found = parse_tensors(&mut &bytes[..], bytes.len(), &|_, info| info.name == "ids").unwrap();
    assert_eq!(found.tensors.keys().collect::<Vec<_>>(), ["ids"]);
    assert_eq!((found.infos.len(), found.is_checked), (model().tensors.len(), true));
    let mut other = bytes.clone();
    let last = bytes.len() - 32 * (model().tensors.len() + 1) - 1;
    other[last] ^= 1;
    let error = parse_tensors(&mut &other[..], 0, &|_, info| info.name == "ids").unwrap_err();
    check_error(&error, Code::DamagedFile, "the numbers of \"text\"");
}

#[track_caller]
fn refuses(header: &str, numbers: &[u8], code: Code, part: &str) {
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), numbers].concat();
    check_error(&parse_model_file(&bytes).unwrap_err(), code, part);
}

#[test]
fn what_is_wrong_is_said() {
    let one = |dtype: &str, shape: &str, offsets: &str| {
        format!("{{\"W\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}")
    };
    let no_model = |header: &str, numbers: &[u8], part: &str| refuses(header, numbers, Code::NotAModel, part);
    no_model("", &[], "its header is not JSON");
    no_model("{\"__metadata__\":{\"a\":1}}", &[], "its metadata are not texts");
    no_model("{\"W\":1}", &[], "of \"W\" is not given");
    no_model(&one("F32", "[1,2]", "[0,4]"), &[0; 4], "\"W\"");
    no_model(&one("F32", "[1,1]", "[4,8]"), &[0; 8], "the numbers of \"W\" don't follow");
    no_model(&one("F64", "[18446744073709551615,2]", "[0,8]"), &[0; 8], "\"W\"");
    refuses(&one("I64", "[1,1]", "[0,8]"), &[0; 8], Code::UnsupportedType, "\"W\" is of type I64 and shape [1, 1]");
    refuses(&one("BF16", "[4]", "[0,8]"), &[0; 8], Code::UnsupportedType, "\"W\" is of type BF16 and shape [4]");
    refuses(&one("F32", "[1,2]", "[0,8]"), &[0; 4], Code::TruncatedFile, "8 bytes of \"W\" are promised, and 4");
    let promised = one("F64", "[1099511627776,1]", "[0,8796093022208]");
    refuses(&promised, &[0; 8], Code::TruncatedFile, "8796093022208 bytes of \"W\" are promised, and 8");
    refuses(&one("F32", "[1,1]", "[0,4]"), &[0; 8], Code::TrailingData, "4 bytes");
    refuses(&one("F32", "[0,1]", "[0,0]"), &[], Code::NoEntries, "in \"W\": the matrix is 0 x 1");
    let infinite = f32::INFINITY.to_le_bytes();
    refuses(&one("F32", "[1,1]", "[0,4]"), &infinite, Code::InfiniteValue, "in \"W\": the entry at row 1");
    let later = "{\"__metadata__\":{\"eckart\":\"9.0.0\",\"format\":\"2\"}}";
    refuses(later, &[], Code::DamagedFile, "its checksums are lacking");
    let elsewhere = one("U8", "[2]", "[0,2]").replace('W', CHECKSUM);
    refuses(&elsewhere, &[0; 2], Code::DamagedFile, CHECKSUM);
    let bytes = |bytes: &[u8], part: &str| check_error(&parse_model_file(bytes).unwrap_err(), Code::NotAModel, part);
    bytes(b"abc", "shorter than its header");
    bytes(&[0xff; 16], "first bytes");
    bytes(&[9, 0, 0, 0, 0, 0, 0, 0, b'x'], "takes 9 bytes, and 1 are there");
    let cut = parse_model_file(&[9, 0, 0, 0, 0, 0, 0, 0, b'{']).unwrap_err();
    check_error(&cut, Code::TruncatedFile, "takes 9 bytes, and 1 are there");
}

#[test]
fn what_a_model_can_not_hold_is_refused() {
    let refuses = |name: &str, matrix: Matrix, code: Code| {
        let mut model = ModelFile::default();
        model.tensors.insert(name.to_owned(), matrix.into());
        check_error(&model_bytes(&model).unwrap_err(), code, name);
    };
    refuses("W", Matrix::from_triplets(1, 1, vec![(0, 0, 1.0)]).unwrap(), Code::SparseNotWritten);
    refuses("__metadata__", Matrix::scalar(1.0).unwrap(), Code::BadName);
    refuses(CHECKSUM, Matrix::scalar(1.0).unwrap(), Code::BadName);
}

#[test]
fn what_else_a_file_is_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let refuses = |bytes: &[u8], what: &str| {
        std::fs::write(&path, bytes).unwrap();
        check_error(&read_model_file(&path).unwrap_err(), Code::NotAModel, &format!("a.safetensors: this is {what}"));
    };
    refuses(b"\x93NUMPY\x01\x00v\x00{'descr'", "a .npy matrix");
    refuses(b"%%MatrixMarket matrix coordinate real general\n", "a Matrix Market file");
    refuses(b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "a ZIP archive");
    refuses("1,2,3\n4,5,\u{e9}\n".as_bytes(), "a text");
    refuses(b"<!DOCTYPE html>\n<p>Hello</p>", "an HTML page");
    refuses(b"<!doctype html>\n<meta name=\"eckart-model\" content=\"{}\">", "a page about a model");
    refuses(b"\x00\x01\x02\x03\xff\xff\xff\xff\xff", "no safetensors file");
    refuses(b"", "no safetensors file");
}

/// What the reader would refuse is refused before the file that was there is touched.
#[test]
fn a_header_that_nobody_reads_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    std::fs::write(&path, "before").unwrap();
    let metadata = [("objective".to_owned(), "x".repeat(100_000_001))].into();
    let error = write_model_file(&path, &ModelFile { metadata, ..ModelFile::default() }).unwrap_err();
    check_error(&error, Code::TooLarge, "a.safetensors");
    assert_eq!(std::fs::read(&path).unwrap(), b"before");
}

proptest! {
    #[test]
    fn models_come_back_with_the_same_bytes(
        tensors in prop::collection::btree_map(".{1,4}", ((1usize..4, 1usize..4), -1.0..1.0, any::<bool>()), 0..4),
        lists in prop::collection::btree_map("[a-c]{5}", prop::collection::vec(any::<u64>(), 0..5), 0..4),
        metadata in prop::collection::btree_map(".{0,4}", ".{0,8}", 0..4),
    ) {
        let mut model = ModelFile { metadata, ..ModelFile::default() };
        for (name, ((rows, cols), value, wide)) in tensors {
            let matrix = Matrix::from_fn(rows, cols, |i, j| value * (i + 2 * j) as f64).unwrap();
            model.tensors.insert(name, if wide { matrix } else { matrix.cast(Dtype::F32).unwrap() }.into());
        }
        for (k, (name, bits)) in lists.into_iter().enumerate() {
            let tensor = match k % 3 {
                0 => Tensor::U64(bits),
                1 => Tensor::F64(bits.into_iter().map(f64::from_bits).collect()),
                _ => Tensor::U8(bits.into_iter().flat_map(u64::to_le_bytes).collect()),
            };
            model.tensors.insert(name, tensor);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        write_model_file(&path, &model).unwrap();
        let found = read_model_file(&path).unwrap();
        prop_assert_eq!(&found.metadata, &model.metadata);
        prop_assert_eq!(model_bytes(&found).unwrap(), model_bytes(&model).unwrap());
        prop_assert!(SafeTensors::deserialize(&model_bytes(&model).unwrap()).is_ok());
    }
}
