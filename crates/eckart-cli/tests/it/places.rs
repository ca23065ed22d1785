//! Places that lack something.

/// Limits of processes count threads: the command runs on the thread that it has, and says so.
#[cfg(target_os = "linux")]
#[test]
fn a_search_runs_where_no_further_thread_can_be_had() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    use crate::command::{Desk, said};

    let desk = Desk::new();
    let whole = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(desk.path("."), whole).unwrap();
    // Whoever runs without the rights of root may not see where the command was built.
    std::fs::copy(env!("CARGO_BIN_EXE_eckart"), desk.path("eckart")).unwrap();
    desk.file("x.csv", "1,2,3\n2,4,5\n3,6,1\n4,1,2\n");
    for more in ["", "--threads 2", "--n-init 4", "--registers base"] {
        let words = format!("ulimit -u 1 && exec ./eckart fit x.csv --model nmf --rank 1 --json {more}");
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &words]).current_dir(desk.path("."));
        // No limit holds root.
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            command.uid(65534);
        }
        let found = said(command.output().unwrap()).json();
        assert!(found["objective"].is_number(), "{more}: {found}");
        let codes: Vec<&str> =
            found["warnings"].as_array().unwrap().iter().filter_map(|w| w["code"].as_str()).collect();
        assert!(codes.contains(&"threads-lacking"), "{more}: {codes:?}");
    }
}

/// A limit on the size of files is an error, for which nothing is lost and nothing is left.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_the_size_of_files_is_an_error() {
    use crate::command::{Desk, said};

    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n2,4,5\n3,6,1\n4,1,2\n");
    desk.prints("fit x.csv --model nmf --rank 2 -n 3 -q -o m.safetensors", &[]);
    let before = std::fs::read(desk.path("m.safetensors")).unwrap();
    for output in ["-o m.safetensors", "--report r.html -o m.safetensors"] {
        let words = format!(
            "ulimit -f 0; exec {} fit x.csv --model nmf --rank 2 -n 3 -q {output}",
            env!("CARGO_BIN_EXE_eckart")
        );
        let found =
            said(std::process::Command::new("bash").args(["-c", &words]).current_dir(desk.path(".")).output().unwrap());
        assert!(
            found.code == Some(2) && found.err.contains("error[no-space]"),
            "{output}: {:?} {}",
            found.code,
            found.err
        );
    }
    assert_eq!(std::fs::read(desk.path("m.safetensors")).unwrap(), before);
    let left = std::fs::read_dir(desk.path(".")).unwrap().count();
    assert_eq!(left, 2, "files are left aside");
}

/// What has no end is refused once it is too much: names past the last row, numbers past the memory there is, blank
/// lines, comments and empty rows past what any file has.
#[cfg(target_os = "linux")]
#[test]
fn input_without_end_is_refused() {
    use crate::command::{Desk, said};

    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n2,4,5\n3,6,1\n4,1,2\n");
    let eckart = env!("CARGO_BIN_EXE_eckart");
    for (input, arguments, code) in [
        ("yes ''", "- --format csv", "too-large"),
        ("{ echo a,b; echo 1,2; yes ''; }", "-", "too-large"),
        ("{ echo a,b; echo 1,2; yes ,; }", "-", "too-large"),
        ("{ echo '# no'; echo 1,2; yes '#'; }", "-", "too-large"),
        ("yes '  '", "- --format svmlight", "too-large"),
        ("yes 1", "- --format svmlight", "too-large"),
        ("{ printf '%%%%MatrixMarket matrix coordinate real general\\n'; yes '% no'; }", "-", "too-large"),
        ("{ echo a; yes ''; }", "x.csv --row-names /dev/stdin", "too-large"),
        ("yes a", "x.csv --row-names /dev/stdin", "name-count"),
        ("yes a", "x.csv --col-names /dev/stdin", "name-count"),
        ("yes 1,2,3", "-", "out-of-memory"),
        ("seq 1000000000 | sed s/$/,7,1/", "- --format coo", "out-of-memory"),
        ("yes a,1,2", "- --header=false", "out-of-memory"),
        (
            "{ printf '%%%%MatrixMarket matrix array real general\\n300000 300000\\n'; yes 1; }",
            "- --format mtx",
            "out-of-memory",
        ),
    ] {
        let words = format!("{input} | (ulimit -v 300000 && exec {eckart} fit {arguments} --model nmf --rank 1)");
        let found =
            said(std::process::Command::new("bash").args(["-c", &words]).current_dir(desk.path(".")).output().unwrap());
        assert_eq!(found.code, Some(2), "{words}: {}", found.err);
        assert!(found.err.contains(&format!("error[{code}]")), "{words}: {}", found.err);
    }
}

/// A shell that allows little stack: formulas as deep as they may be are planned and fitted, and errors are errors.
#[cfg(target_os = "linux")]
#[test]
fn a_small_stack_is_enough_for_any_formula() {
    use crate::command::{Desk, said};

    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n2,4,5\n3,6,1\n4,1,2\n");
    let nested = |begin: &str, end: &str, depth: usize| {
        format!("sum((X - {}{}{})**2)", begin.repeat(depth), "(W @ H)", end.repeat(depth))
    };
    for kib in [64, 256] {
        for (begin, end) in
            [("tanh(", ")"), ("sqrt(1 + ", "**2)"), ("(", ")"), ("-", ""), ("", "**1"), ("max(", ", 0)")]
        {
            let words = |depth, command: &str| {
                let formula = nested(begin, end, depth);
                format!(
                    "ulimit -s {kib}; exec {} {command} --rank 1 --objective '{formula}'",
                    env!("CARGO_BIN_EXE_eckart")
                )
            };
            for (depth, command, codes) in
                [(190, "explain x.csv", [0, 2]), (100, "fit x.csv -n 2 -q", [0, 3]), (300, "fit x.csv -n 2 -q", [2, 2])]
            {
                let words = words(depth, command);
                let output =
                    std::process::Command::new("bash").args(["-c", &words]).current_dir(desk.path(".")).output();
                let found = said(output.unwrap());
                assert!(
                    found.code.is_some_and(|code| codes.contains(&code)),
                    "{words}: {:?} {}",
                    found.code,
                    found.err
                );
            }
        }
    }
}
