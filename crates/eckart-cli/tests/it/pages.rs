//! README.md and the pages of docs/: their commands run, their tables are those of the library.

use std::path::{Path, PathBuf};

use crate::command::Desk;

/// The root of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// What stands in the fences of that language, one after the other.
fn fenced(text: &str, language: &str) -> String {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|part| part.split("```").next().unwrap()).collect()
}

/// Runs `eckart` commands as they stand on a page, in their order, in one folder with the examples of a checkout.
#[cfg(unix)]
#[track_caller]
fn runs(script: &str, parts: &[&str]) {
    let desk = Desk::new();
    std::os::unix::fs::symlink(root().join("examples"), desk.path("examples")).unwrap();
    let command = format!("{} ", env!("CARGO_BIN_EXE_eckart"));
    let script: Vec<String> = script.lines().map(|line| line.replacen("eckart ", &command, 1)).collect();
    let run =
        std::process::Command::new("sh").args(["-ec", &script.join("\n")]).current_dir(desk.path("")).output().unwrap();
    let said = crate::command::said(run);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for part in parts {
        assert!(said.out.contains(part), "{part:?} is not in:\n{}", said.out);
    }
}

#[cfg(unix)]
#[test]
fn the_commands_of_the_pages_run_as_they_stand() {
    let found = ["codes.npy", "For bob", "RMSE", "Like treaty", "stability", "<- chosen", "digits.html"];
    runs(&fenced(&page("docs/command.md"), "sh"), &found);
    runs(&fenced(&page("docs/language.md"), "sh"), &["observed(X)", "Y - W @ K", "huber", "G @ F"]);
    runs(&fenced(&page("docs/methods.md"), "sh"), &["again.safetensors", "whole.safetensors"]);
    runs(&fenced(&page("docs/names.md"), "sh"), &["m.H.csv", "explains"]);
}

#[cfg(unix)]
#[test]
fn the_first_command_of_the_readme_finds_topics() {
    let readme = fenced(&page("README.md"), "sh");
    let command = readme.lines().find_map(|line| line.strip_prefix("cargo run --release -- ")).unwrap();
    runs(&format!("eckart {command}\ntest -s sotu.safetensors && test -s sotu.html"), &["explains", "treaty"]);
}

/// A line without its numbers, which differ by machine.
fn words(line: &str) -> String {
    let mut text = String::new();
    for c in line.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c.is_ascii_digit() {
            true if text.ends_with('#') => {}
            true => text.push('#'),
            false => text.push(c),
        }
    }
    text
}

#[test]
fn a_fit_prints_what_its_page_shows() {
    let text = page("docs/command.md");
    let section = text.split("## A fit, and its output").nth(1).unwrap().split("\n## ").next().unwrap();
    let desk = Desk::new();
    let command = fenced(section, "sh").replace("examples/", &format!("{}/examples/", root().display()));
    let printed = desk.prints(command.trim().strip_prefix("eckart ").unwrap(), &[]);
    let printed: Vec<String> = printed.lines().map(words).collect();
    // The rules under the heads of tables are as wide as what stands in them.
    for line in fenced(section, "text").lines().filter(|line| !line.trim_start().starts_with("---")) {
        assert!(printed.contains(&words(line)), "{line:?} is not in:\n{}", printed.join("\n"));
    }
}

#[test]
fn the_presets_are_listed() {
    let text = page("docs/models.md");
    for model in eckart::model::MODELS {
        let statement = eckart::expr::text::parse_statement(model.statement).unwrap();
        let params: Vec<String> = model.params.iter().map(|(name, value)| format!("`{name}={value}`")).collect();
        let row = format!("| `{}` | `{statement}` | {} | {} |", model.name, model.summary, params.join(", "));
        assert!(text.contains(&row), "docs/models.md lacks the row:\n{row}");
    }
}

#[test]
fn the_language_names_every_function() {
    let text = page("docs/language.md");
    for op in eckart::expr::Op::CALLED {
        let name = op.row().name;
        assert!(text.contains(&format!("`{name}(")) || text.contains(&format!("`{name}`")), "{name} is not named");
    }
}

#[test]
fn the_objective_of_every_task_is_fitted() {
    let desk = Desk::new();
    let entries = |f: fn(usize, usize) -> i32| -> String {
        let row = |i| (0..6).map(|j| f(i, j).to_string()).collect::<Vec<_>>().join(",");
        (0..6).map(|i| row(i) + "\n").collect()
    };
    desk.file("x.csv", entries(|i, j| i32::from((2 * i + j * j) % 3 == 0)));
    desk.file("y.csv", entries(|i, _| i as i32));
    let laplacian = |i: usize, j: usize| match i.abs_diff(j) {
        0 => 2 - i32::from(i == 0 || i == 5),
        1 => -1,
        _ => 0,
    };
    desk.file("l.csv", entries(laplacian));
    let text = page("docs/models.md").replace("K[r,1]", "K[r,6]");
    let rows = text.split("\n| task | objective |").nth(1).unwrap().lines().skip(2);
    let objectives: Vec<&str> =
        rows.map_while(|row| row.strip_suffix("` |")?.split_once(" | `")).map(|row| row.1).collect();
    assert!(objectives.len() >= 12, "{objectives:?}");
    for objective in objectives {
        let names = eckart::expr::text::parse_statement(objective).unwrap().objective.variables();
        let mut words = "fit x.csv --format table --header=false --index-col=false --rank 2 -n 3 -q".to_owned();
        for name in names.iter().map(|variable| variable.name()) {
            words += &match name {
                "a" | "b" | "delta" => format!(" --param {name}=0.1"),
                "Y" | "L" => format!(" --data {name}={}.csv", name.to_lowercase()),
                _ => String::new(),
            };
        }
        assert_eq!(desk.run(&words, &["--objective", objective]).success().out, "", "{objective}");
    }
}

/// The names that each reader gives are those of the table.
#[test]
fn the_names_of_readers_are_those_of_the_page() {
    let text = page("docs/names.md");
    let section = text.split("## Where names come from").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = section.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
    let desk = Desk::new();
    let table = desk.file("t.csv", "name,a,b\nu,1,2\nv,3,4\n").path("t.csv");
    let read = |path: &Path| eckart::data::read(path, &eckart::data::ReadOptions::default()).unwrap();
    let numbers = read(&table).matrix;
    let mut files = vec![("a table", table), ("a list", desk.file("l.csv", "user,item,rating\nu,a,1\n").path("l.csv"))];
    for name in ["m.npy", "m.mtx"] {
        eckart::data::write(desk.path(name), &numbers.clone().into()).unwrap();
        files.push((if name == "m.npy" { "`.npy`" } else { "`.mtx`" }, desk.path(name)));
    }
    files.push(("`.svmlight`", desk.file("m.svmlight", "1 1:0.5 2:1\n0 2:3\n").path("m.svmlight")));
    for (reader, path) in files {
        let row = rows.iter().find(|row| row.len() > 3 && row[1].contains(reader));
        let row = row.unwrap_or_else(|| panic!("{reader} has no row"));
        let found = read(&path);
        let has = |cell: &str| cell != "none";
        assert_eq!((found.row_names.is_some(), found.col_names.is_some()), (has(row[2]), has(row[3])), "{reader}");
    }
    for ending in ["`.csv`", "`.tsv`", "`.npz`", "`.safetensors`"] {
        assert!(section.contains(ending), "{ending}");
    }
}
