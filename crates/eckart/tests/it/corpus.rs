//! What fuzzing has found, once more: each file of `fuzz/corpus` is given to its target.

use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets are crates of their own")]
mod targets;

/// Bytes of a target's files, at most.
const MOST_BYTES: u64 = 2 << 20;

#[test]
fn the_corpus_of_every_fuzz_target_is_read_or_refused() {
    for (name, target) in targets::TARGETS {
        let folder = Path::new("../../fuzz/corpus").join(name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        assert!(paths.len() > 3, "{name} has {} files", paths.len());
        let sizes = paths.iter().map(|path| path.metadata().unwrap().len());
        assert!(sizes.sum::<u64>() <= MOST_BYTES, "the files of {name} are more than 2 MB: minimise them");
        for path in paths {
            let bytes = fs::read(&path).unwrap();
            if std::panic::catch_unwind(|| target(&bytes)).is_err() {
                panic!("{} in {}", name, path.display());
            }
        }
    }
}
