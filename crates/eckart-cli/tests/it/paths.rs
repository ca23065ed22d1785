//! No command writes over a file that it reads, nor two results into one.

use std::collections::BTreeMap;

use eckart::Code;

use crate::command::{Desk, said};

/// A folder with a file of each kind that commands read.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("x.csv", "name,a,b\nr,1,2\ns,2,4\nt,3,5\n").file("s.csv", "name,a,b\nr,1,1\ns,1,1\nt,1,2\n");
    desk.file("rows.txt", "r\ns\nt\n").file("cols.txt", "a\nb\n").file("titles.csv", "id,title\na,A\nb,B\n");
    desk.prints("fit x.csv --model nmf --rank 1 -n 2 -q -o m.safetensors", &[]);
    desk.prints("fit x.csv --model nmf --rank 1 -n 2 -q -o w.csv", &[]);
    desk.prints("fit x.csv --model nmf --rank 1 -n 2 -q --checkpoint c.safetensors", &[]);
    for name in ["x", "w"] {
        std::fs::hard_link(desk.path("x.csv"), desk.path(&format!("hard.{name}.csv"))).unwrap();
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(desk.path("x.csv"), desk.path("soft.csv")).unwrap();
    std::fs::create_dir(desk.path("folder")).unwrap();
    desk
}

fn files(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(desk.path(".")).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.path().is_file());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

#[test]
fn what_is_read_is_not_written_over() {
    let desk = desk();
    let before = files(&desk);
    let check = |words: &str, names: &[&str]| {
        desk.refuses(words, &[], Code::SameFile, names);
        assert_eq!(files(&desk), before, "{words}");
    };
    // Whatever `fit` reads, and each of its outputs.
    let weighted = "--objective sum(((X-W@H)/S)**2)";
    let fit = format!(
        "fit x.csv {weighted} --data S=s.csv --rank 1 -n 1 -q --row-names rows.txt --col-names cols.txt \
         --titles titles.csv --init-from W=w.W.csv --fix H=w.H.csv --resume c.safetensors"
    );
    let read = ["x.csv", "s.csv", "rows.txt", "cols.txt", "titles.csv", "w.W.csv", "w.H.csv", "c.safetensors"];
    for file in read {
        check(&format!("{fit} --report {file}"), &["--report", file]);
    }
    for file in &read[..read.len() - 1] {
        check(&format!("{} --checkpoint {file}", fit.replace("--resume c.safetensors", "")), &["--checkpoint", file]);
    }
    check("fit w.W.csv --model nmf --rank 1 -n 1 -q -o w.csv", &["DATA", "--output", "w.W.csv"]);
    check(
        "fit x.csv --model nmf --rank 1 -n 1 -q --n-init 2 --consensus --row-names w.consensus.W.csv -o w.csv",
        &["--row-names", "--output"],
    );
    check(&format!("{fit} -o c.safetensors"), &["--resume", "--output"]);
    // The other commands.
    check("transform m.safetensors x.csv -o x.csv", &["NEW", "--output", "x.csv"]);
    check("transform m.safetensors x.csv -o m.safetensors", &["MODEL", "--output"]);
    check("recommend m.safetensors --all --train x.csv -o x.csv", &["--train", "--output"]);
    check("recommend m.safetensors --all -o m.safetensors", &["MODEL", "--output"]);
    check("similar m.safetensors --all --titles titles.csv -o titles.csv", &["--titles", "--output"]);
    check("report m.safetensors x.csv -o x.csv", &["DATA", "--output"]);
    check("report m.safetensors -o m.safetensors", &["MODEL", "--output"]);
    check("explain x.csv --model nmf --rank 1 --svg x.csv", &["DATA", "--svg"]);
    check("explain x.csv --model nmf --rank 1 --dot soft.csv", &["DATA", "--dot"]);
    check("evaluate x.csv --holdout 0.2 --model ratings --rank 1 --checkpoint x.csv", &["--checkpoint"]);
}

/// What a shell opens as standard input is a file, too.
#[test]
fn standard_input_is_not_written_over() {
    let desk = desk();
    let before = files(&desk);
    for words in ["fit - --model nmf --rank 1 -n 1 -q --report x.csv", "transform m.safetensors - -o x.csv"] {
        let input = std::fs::File::open(desk.path("x.csv")).unwrap();
        let said = said(desk.command(words, &[]).stdin(input).output().unwrap());
        assert!(said.code == Some(2) && said.err.starts_with("error[same-file]"), "{words}: {}", said.err);
        assert_eq!(files(&desk), before, "{words}");
    }
}

#[test]
fn a_file_is_known_by_any_of_its_names() {
    let desk = desk();
    let before = files(&desk);
    let absolute = desk.path("x.csv").display().to_string();
    for name in ["./x.csv", "folder/../x.csv", "hard.x.csv", "soft.csv", absolute.as_str()] {
        desk.refuses("fit x.csv --model nmf --rank 1 -n 1 -q --report", &[name], Code::SameFile, &["--report", name]);
        assert_eq!(files(&desk), before, "{name}");
    }
}

#[test]
fn two_results_have_two_files() {
    let desk = desk();
    let before = files(&desk);
    let check = |words: &str| {
        desk.refuses(words, &[], Code::SameFile, &["new."]);
        assert_eq!(files(&desk), before, "{words}");
    };
    let fit = "fit x.csv --model nmf --rank 1 -n 1 -q";
    check(&format!("{fit} -o new.safetensors --report new.safetensors"));
    check(&format!("{fit} -o new.safetensors --checkpoint ./new.safetensors"));
    check(&format!("{fit} -o new.npy --report new.W.npy"));
    check(&format!("{fit} --n-init 2 --consensus -o new.safetensors --report new.consensus.safetensors"));
    check("explain x.csv --model nmf --rank 1 --svg new.svg --dot folder/../new.svg");
}

/// What only looks alike is no reason to refuse.
#[test]
fn other_files_are_written() {
    let desk = desk();
    desk.prints("fit x.csv --model nmf --rank 1 -n 1 -q -o x.csv", &[]);
    desk.file("x.X.csv", "name,a,b\nr,1,2\ns,2,4\nt,3,5\n");
    desk.prints("fit x.X.csv --model nmf --rank 1 -n 1 -q -o x.csv", &[]);
    let resumed = "fit x.csv --model nmf --rank 1 -n 3 -q --resume c.safetensors --checkpoint c.safetensors";
    desk.prints(resumed, &[]);
    let objective = "sum(((X - W @ H) / S)**2) subject to W >= 0, H >= 0";
    desk.prints("fit x.csv --data S=x.csv --rank 1 -n 1 -q --objective", &[objective]);
    #[cfg(unix)]
    desk.prints("fit x.csv --model nmf --rank 1 -n 1 -q --report /dev/null --checkpoint new.safetensors", &[]);
}

/// The name of a factor makes the name of a file longer.
#[test]
fn names_that_get_too_long_are_refused_before_the_fit() {
    let desk = Desk::new();
    let check = |length: usize, is_taken: bool| {
        let out = format!("{}.npy", "a".repeat(length - 4));
        let said = desk.run("fit none.csv --model nmf --rank 1 -q -o", &[&out]);
        let missing = said.err.contains(Code::FileNotFound.as_str()) && said.err.contains("none.csv");
        assert_eq!((said.code, missing), (Some(2), is_taken), "{}", said.err);
    };
    check(253, true);
    check(254, false);
    desk.file("x.csv", "1,2\n2,4.5\n3,5\n");
    desk.prints("fit x.csv --model nmf --rank 1 -n 1 -q -o", &[&format!("{}.npy", "a".repeat(249))]);
}
