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
