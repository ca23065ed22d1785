//! Ctrl-C keeps the model.

#[cfg(target_os = "linux")]
#[test]
fn the_first_ctrl_c_ends_the_search_and_saves() {
    let desk = crate::command::Desk::new();
    let words = "fit {digits} --model mf --rank 4 --tol 0 --max-iter 100000000 --json -o model.safetensors";
    let child = desk.command(words, &[]).spawn().unwrap();
    wait_until(|| has_signal(child.id(), "SigCgt", 2));
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let said = crate::command::said(child.wait_with_output().unwrap()).success();
    assert_eq!(said.json()["stop_reason"], "interrupted");
    assert!(std::fs::metadata(desk.path("model.safetensors")).unwrap().len() > 4 * 4 * (1797 + 64));
}

/// Whether a mask of a process has a signal: of those that it has a handler for (`SigCgt`), or ignores (`SigIgn`).
#[cfg(target_os = "linux")]
fn has_signal(process: u32, mask: &str, signal: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix(mask)).unwrap_or(":0");
    u64::from_str_radix(mask[1..].trim(), 16).unwrap() & (1 << (signal - 1)) != 0
}

/// Being told to end is as Ctrl-C, and told twice it is no more: `timeout` and closed terminals do so.
#[cfg(target_os = "linux")]
#[test]
fn other_signals_to_end_save_as_well() {
    // Where the tests run with SIGHUP ignored, so does the command, which then keeps to it.
    let is_deaf = has_signal(std::process::id(), "SigIgn", 1);
    for (signal, number) in [("-TERM", 15), ("-HUP", 1)].into_iter().filter(|(_, number)| !is_deaf || *number != 1) {
        let desk = crate::command::Desk::new();
        let words = "fit {digits} --model mf --rank 4 --tol 0 --max-iter 100000000 --json -o model.safetensors";
        let child = desk.command(words, &[]).spawn().unwrap();
        wait_until(|| has_signal(child.id(), "SigCgt", number));
        for _ in 0..2 {
            let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
        }
        let said = crate::command::said(child.wait_with_output().unwrap()).success();
        assert_eq!(said.json()["stop_reason"], "interrupted", "{signal}");
        assert!(desk.path("model.safetensors").exists());
    }
}

#[cfg(target_os = "linux")]
fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Whoever closes the pipe has seen enough: no command says anything about it.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_pipe_ends_every_command_quietly() {
    let desk = crate::command::Desk::new();
    let row = |i: usize| format!("r{i},{},{}\n", i % 7, i % 5 + 1);
    desk.file("x.csv", "name,a,b\n".to_owned() + &(0..20_000).map(row).collect::<String>());
    desk.prints("fit x.csv --model nmf --rank 1 -n 2 -q -o m.safetensors", &[]);
    for words in [
        "transform m.safetensors x.csv",
        "transform m.safetensors x.csv --json",
        "recommend m.safetensors --all",
        "report m.safetensors -o -",
        "fit x.csv --model nmf --rank 1 -n 2",
        "codes",
        "--help",
    ] {
        let mut child = desk.command(words, &[]).spawn().unwrap();
        drop(child.stdout.take());
        let said = crate::command::said(child.wait_with_output().unwrap());
        assert_eq!(said.code, Some(0), "{words}: {}", said.err);
        assert!(
            said.err.lines().all(|line| line.starts_with("warning[") || line.starts_with("read ")),
            "{words}: {}",
            said.err
        );
    }
}

/// What can't be written is an error, help included.
#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_an_error() {
    let desk = crate::command::Desk::new();
    desk.file("x.csv", "name,a,b\nr,1,2\ns,2,4\nt,3,5\n");
    desk.prints("fit x.csv --model nmf --rank 1 -n 2 -q -o m.safetensors", &[]);
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for words in [
        "--help",
        "fit --help",
        "--version",
        "codes",
        "models",
        "show m.safetensors",
        "similar m.safetensors --all",
        "transform m.safetensors x.csv",
        "report m.safetensors -o -",
        "explain x.csv --model nmf --rank 1",
        "fit x.csv --model nmf --rank 1 -n 2",
        "fit x.csv --model nmf --rank 1 -n 2 --json",
    ] {
        let output = desk.command(words, &[]).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}");
    }
    assert_eq!(desk.run("fit x.csv --model nmf --rank 1 -n 2 -q --report /dev/full", &[]).code, Some(2));
}
