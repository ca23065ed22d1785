//! Sets: the data of the tasks, made once.
//! In: the name of a set, an empty folder.  Out: the files of `arrays`: X, factors to start from, what is held out.
//! Invariant: the same bytes every time: fixed seeds, or a file of the repository or of the shared data.
//! Not here: what is done with it (see `tasks`), ratings and patches (see `rated` and `patches`).

mod patches;
mod rated;
mod rows;

use std::path::{Path, PathBuf};

use eckart::data::{ReadOptions, read, write_npy};
use eckart::{Dtype, Matrix};

use self::patches::patches;
use self::rated::rated;
use self::rows::rows_of;
use crate::random::Stream;
use crate::{Result, arrays, trouble};

/// A data set: its name, how X comes about, what of it is held out, and the factors that go with it.
struct Set {
    name: &'static str,
    make: fn() -> Result<Matrix>,
    held: Held,
    rank: usize,
    start: Start,
}

/// What neither side may see, to judge what they found by. It is left in the folder `held`.
#[derive(Clone, Copy)]
enum Held {
    Nothing,
    /// A tenth of the stored entries, anywhere.
    Entries,
    /// Every eleventh row.
    Rows,
}

/// Of what kind the numbers of the factors are.
#[derive(Clone, Copy)]
enum Start {
    /// In [0, s), with W H as large on average as X.
    Positive,
    /// In [-1, 1).
    Signed,
}

/// What most sets have.
const SET: Set = Set { name: "", make: sotu, held: Held::Nothing, rank: 32, start: Start::Positive };

const SETS: &[Set] = &[
    Set { name: "dense-2000-f32", make: || dense(2_000, 2_000, Dtype::F32), ..SET },
    Set { name: "dense-2000-f64", make: || dense(2_000, 2_000, Dtype::F64), ..SET },
    Set { name: "tall-20000-f32", make: || dense(20_000, 2_000, Dtype::F32), ..SET },
    Set { name: "tall-20000-f64", make: || dense(20_000, 2_000, Dtype::F64), ..SET },
    Set { name: "binary-20000", make: || binary(20_000, 2_000), start: Start::Signed, ..SET },
    Set { name: "sotu", make: sotu, ..SET },
    Set { name: "fashion-10k", make: fashion, ..SET },
    Set { name: "ratings-10m", make: || ratings(70_000, 11_000, 10_000_000), rank: 64, ..SET },
    Set { name: "sparse-5m", make: || scattered(100_000, 20_000, 50), ..SET },
    Set { name: "digits", make: digits, rank: 10, ..SET },
    Set { name: "natural-patches", make: natural, held: Held::Rows, rank: 256, start: Start::Signed },
    Set { name: "rated-1m", make: || rated(22_632, 3_376, 1_100_000), held: Held::Entries, rank: 64, ..SET },
    Set { name: "rated-10m", make: || rated(71_567, 10_677, 11_000_000), held: Held::Entries, rank: 64, ..SET },
];

/// Writes the set `name` into `folder`.
pub(crate) fn make(name: &str, folder: &Path) -> Result<()> {
    let Some(set) = SETS.iter().find(|set| set.name == name) else {
        return trouble(format!("there is no data set `{name}`"));
    };
    let (x, held) = split(&(set.make)()?, set.held)?;
    arrays::write_data(folder, &x)?;
    if let Some(held) = held {
        std::fs::create_dir_all(folder.join(arrays::HELD))?;
        arrays::write_data(&folder.join(arrays::HELD), &held)?;
    }
    let mut random = Stream(2);
    let mean = x.values_f64().iter().sum::<f64>() / (x.rows() as f64 * x.cols() as f64);
    let (low, high) = match set.start {
        Start::Positive => (0.0, 2.0 * (mean / set.rank as f64).sqrt()),
        Start::Signed => (-1.0, 1.0),
    };
    for (factor, rows, cols) in [("W", x.rows(), set.rank), ("H", set.rank, x.cols())] {
        let matrix = Matrix::from_fn(rows, cols, |_, _| low + (high - low) * random.unit())?.cast(x.dtype())?;
        write_npy(folder.join(format!("{factor}{}.npy", set.rank)), &matrix)?;
    }
    Ok(())
}

/// X, and what of it is held out.
fn split(x: &Matrix, held: Held) -> Result<(Matrix, Option<Matrix>)> {
    let mut random = Stream(4);
    let (n, m) = x.shape();
    Ok(match held {
        Held::Nothing => (x.clone(), None),
        Held::Entries => {
            let Some(pattern) = x.pattern() else { return trouble("entries are held out of sparse data only") };
            let values = x.values_f64();
            let mut parts = [Vec::new(), Vec::new()];
            for i in 0..n {
                for at in pattern.range(i) {
                    let part = usize::from(random.below(11) == 0);
                    parts[part].push((i, pattern.indices()[at] as usize, values[at] as f32));
                }
            }
            let [seen, held] = parts.map(|entries| Matrix::from_triplets(n, m, entries));
            (seen?, Some(held?))
        }
        Held::Rows => {
            let rows = |kept: fn(usize) -> bool| -> Result<Matrix> {
                let rows: Vec<usize> = (0..n).filter(|&i| kept(i)).collect();
                Ok(Matrix::from_fn(rows.len(), m, |i, j| x.get(rows[i], j))?.cast(x.dtype())?)
            };
            (rows(|i| i % 11 != 0)?, Some(rows(|i| i % 11 == 0)?))
        }
    })
}

/// Uniform in [0, 1).
fn dense(rows: usize, cols: usize, dtype: Dtype) -> Result<Matrix> {
    let mut random = Stream(1);
    Ok(match dtype {
        Dtype::F32 => Matrix::from_fn(rows, cols, |_, _| random.unit() as f32)?,
        Dtype::F64 => Matrix::from_fn(rows, cols, |_, _| random.unit())?,
    })
}

/// 1 with probability 0.2, else 0.
fn binary(rows: usize, cols: usize) -> Result<Matrix> {
    let mut random = Stream(1);
    Ok(Matrix::from_fn(rows, cols, |_, _| if random.unit() < 0.2 { 1.0_f32 } else { 0.0 })?)
}

/// 10,621 passages and how often each of 10,526 words occurs in each: part of the repository.
fn sotu() -> Result<Matrix> {
    let counts = read("examples/data/sotu/counts.mtx.gz", &ReadOptions::default())?.matrix;
    Ok(counts.cast(Dtype::F32)?)
}

/// 10,000 pictures of 28 x 28 pixels.
fn fashion() -> Result<Matrix> {
    let images = read(shared_data("images/fashion-mnist-10k/images.npy")?, &ReadOptions::default())?.matrix;
    Ok(images.cast(Dtype::F32)?)
}

/// 1,797 digits of 8 x 8 pixels in f64: part of the repository.
fn digits() -> Result<Matrix> {
    Ok(read("examples/data/digits/images.npy", &ReadOptions::default())?.matrix.cast(Dtype::F64)?)
}

/// 55,000 patches of 12 x 12 pixels, of which a part is held out.
fn natural() -> Result<Matrix> {
    const NAMES: [&str; 11] = [
        "astronaut",
        "brick",
        "camera",
        "chelsea",
        "china",
        "coffee",
        "flower",
        "grass",
        "gravel",
        "hubble-deep-field",
        "rocket",
    ];
    let picture = |name| Ok(read(shared_data(&format!("images/natural/{name}.npy"))?, &ReadOptions::default())?.matrix);
    patches(&NAMES.map(picture).into_iter().collect::<Result<Vec<Matrix>>>()?, 55_000, 12)
}

/// A file of the data that is too large for the repository, where this machine has it.
pub(crate) fn shared_data(file: &str) -> Result<PathBuf> {
    let folder = std::env::var_os("ECKART_SHARED_DATA").map_or_else(|| "../shared/data".into(), PathBuf::from);
    let path = folder.join(file);
    if path.exists() { Ok(path) } else { trouble(format!("{file} is not among the shared data of this machine")) }
}

/// About `stored` ratings from 0.5 to 5: few users rate much and few items are rated much, as such data is.
fn ratings(users: usize, items: usize, stored: usize) -> Result<Matrix> {
    let mut random = Stream(1);
    // A user's share falls as one over the square root of the place in the order of users, and users are shuffled.
    let weights: Vec<f64> = (0..users).map(|_| 1.0 / (random.unit() + 0.002).sqrt()).collect();
    let total: f64 = weights.iter().sum();
    let counts = weights.iter().map(|w| ((w / total * stored as f64) as usize).clamp(1, items / 3));
    let counts: Vec<usize> = counts.collect();
    rows_of(items, &counts, &mut random, |random| (random.unit().powi(2) * items as f64) as usize, any_stars)
}

/// Rows of `each` entries on average, from half to one and a half times as many, anywhere.
fn scattered(rows: usize, cols: usize, each: usize) -> Result<Matrix> {
    let mut random = Stream(1);
    let counts: Vec<usize> = (0..rows).map(|_| each / 2 + random.below(each + 1)).collect();
    rows_of(cols, &counts, &mut random, |random| random.below(cols), any_stars)
}

/// 0.5, 1, ... 5.
fn any_stars(random: &mut Stream, _: usize, _: usize) -> f32 {
    0.5 * (1 + random.below(10)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_what_they_say() {
        let x = ratings(2_000, 500, 50_000).unwrap();
        assert!((45_000..=50_000).contains(&x.stored()), "{}", x.stored());
        let first = (0..x.rows()).filter(|&i| x.get(i, 0) > 0.0).count();
        let last = (0..x.rows()).filter(|&i| x.get(i, 499) > 0.0).count();
        assert!(first > 3 * last, "the first item has {first} ratings, the last {last}");
        let x = scattered(100, 300, 50).unwrap();
        assert!((4_000..6_000).contains(&x.stored()), "{}", x.stored());
        let ones = binary(200, 50).unwrap().values_f64().iter().sum::<f64>();
        assert!((1_800.0..2_200.0).contains(&ones), "{ones}");
    }

    #[test]
    fn what_is_held_out_is_not_seen() {
        let x = scattered(100, 300, 50).unwrap();
        let (seen, held) = split(&x, Held::Entries).unwrap();
        let held = held.unwrap();
        assert_eq!(seen.stored() + held.stored(), x.stored());
        assert!((x.stored() / 16..x.stored() / 8).contains(&held.stored()), "{}", held.stored());
        assert!((0..100).all(|i| (0..300).all(|j| seen.get(i, j) + held.get(i, j) == x.get(i, j))));
        let (seen, held) = split(&dense(22, 3, Dtype::F32).unwrap(), Held::Rows).unwrap();
        assert_eq!((seen.shape(), held.unwrap().shape()), ((20, 3), (2, 3)));
    }

    #[test]
    fn names_are_told_apart() {
        let folder = Path::new("nowhere");
        assert!(make("no-such-set", folder).unwrap_err().to_string().contains("`no-such-set`"));
    }
}
