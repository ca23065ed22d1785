//! How long it takes to read the two example datasets.

mod timing;

use eckart::data::{ReadOptions, read};
use timing::Bench;

fn main() {
    let bench = Bench::of("data");
    let read = |name: &str| {
        let path = format!("{}/../../examples/data/{name}", env!("CARGO_MANIFEST_DIR"));
        read(path, &ReadOptions::default()).expect("an example can be read")
    };
    bench.case("read-sotu-mtx-gz", || "sotu/counts.mtx.gz", |name| read(name));
    bench.case("read-digits-npy", || "digits/images.npy", |name| read(name));
}
