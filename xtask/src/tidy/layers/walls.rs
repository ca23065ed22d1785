//! A law: an outside crate is used in one place only, so that it can be replaced there.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Path, Source, Tree, paths};

/// The crates of a wall, and the folders or files that may use them. A crate that only tests use needs none.
pub(super) struct Wall {
    pub(super) crates: &'static [&'static str],
    pub(super) places: &'static [&'static str],
}

pub(super) const WALLS: &[Wall] = &[
    Wall { crates: &["egg"], places: &["crates/eckart/src/rewrite"] },
    Wall { crates: &["pyo3", "numpy"], places: &["crates/eckart-python"] },
    Wall { crates: &["flate2", "sha2"], places: &["crates/eckart/src/data"] },
    Wall {
        crates: &["serde_json"],
        places: &[
            "crates/eckart/src/data",
            "crates/eckart/src/explain",
            "crates/eckart/src/solve/result/save",
            "crates/eckart/src/solve/search/checkpoint",
            "crates/eckart-cli",
            "bench",
            "xtask/src",
        ],
    },
    Wall { crates: &["rayon"], places: &["crates/eckart/src/run"] },
    Wall { crates: &["gemm_common", "gemm_f32", "gemm_f64"], places: &["crates/eckart-kernels/src/dense"] },
    Wall {
        crates: &["eckart_kernels"],
        places: &["crates/eckart/src/data", "crates/eckart/src/run", "crates/eckart/src/rows"],
    },
    Wall { crates: &["rand_chacha"], places: &["crates/eckart/src/solve"] },
    Wall {
        crates: &["clap", "indicatif", "comfy_table", "ctrlc", "signal_hook", "terminal_size"],
        places: &["crates/eckart-cli"],
    },
];

/// Finds outside crates on the wrong side of their wall.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.bound().flat_map(check_file).collect()
}

fn check_file(source: &Source) -> Vec<Finding> {
    let paths = paths(source);
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| !source.is_test(path.token)) {
        let name = path.words[0].as_str();
        let Some(wall) = WALLS.iter().find(|wall| wall.crates.contains(&name)) else { continue };
        if wall.places.iter().any(|place| source.is_in(place)) || is_own(source, &paths, name) {
            continue;
        }
        let what = format!("`{}` is used outside its wall", path.words.join("::"));
        let to_do = format!("only {} may name the crate `{name}`: offer there what is needed", wall.places.join(", "));
        found.push(Finding::new(&source.path, source.tokens[path.token].line, what, to_do));
    }
    found
}

/// Whether `name` is a module of ours here: declared in this file, or imported from this crate.
fn is_own(source: &Source, paths: &[Path], name: &str) -> bool {
    let declared = source.find("mod").any(|i| source.at(i + 1, name));
    let is_ours = |path: &Path| ["crate", "super", "self"].contains(&path.words[0].as_str());
    declared || paths.iter().any(|path| path.imported && path.name == name && is_ours(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    #[test]
    fn inside_the_wall_all_is_well() {
        let fine = |path, text| assert_eq!(lines_found(check, path, text), [0; 0], "{path}: {text}");
        fine("crates/eckart/src/rewrite/rules.rs", "use egg::{rewrite, Id};");
        fine("crates/eckart/src/solve/result/save/header.rs", "use serde_json::Value;");
        fine("crates/eckart/src/data/gzip.rs", "fn f() { flate2::read() }");
        fine("crates/eckart-cli/src/main.rs", "use clap::Parser; #[derive(clap::Args)] struct A;");
        fine("crates/eckart-python/src/lib.rs", "use pyo3::prelude::*; use numpy::PyArray2;");
    }

    #[test]
    fn outside_it_is_found() {
        let found = |path, text| assert_eq!(lines_found(check, path, text), [1], "{path}: {text}");
        found("crates/eckart/src/plan/mod.rs", "use egg::Id;");
        found("crates/eckart/src/plan/mod.rs", "fn f(id: ::egg::Id) {}");
        found("crates/eckart/src/solve/start.rs", "use serde_json::Value;");
        found("crates/eckart/src/data/mod.rs", "use {std::fmt, rayon::prelude::*};");
        found("crates/eckart/src/solve/mod.rs", "fn f() { gemm_f32::gemm(1) }");
        found("crates/eckart/src/run/mod.rs", "use rand_chacha as r;");
        found("examples/nmf.rs", "use clap::Args;");
        found("xtask/src/main.rs", "use clap::Parser;");
    }

    #[test]
    fn modules_of_the_same_name_and_tests_are_free() {
        let fine = |text| assert_eq!(lines_found(check, "crates/eckart-cli/src/a.rs", text), [0; 0], "{text}");
        fine("mod rayon; fn f() { rayon::join() }");
        fine("use crate::out::gemm; fn f() { gemm::write() }");
        fine("fn f() { eckart::data::flate2::read(); x.gemm() }");
        fine("#[cfg(test)] mod tests { use rayon::prelude::*; }");
        fine("// egg::Id\nconst A: &str = \"egg::Id\";");
    }
}
