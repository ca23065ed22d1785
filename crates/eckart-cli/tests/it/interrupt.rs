//! Ctrl-C keeps the model.

#[cfg(target_os = "linux")]
#[test]
fn the_first_ctrl_c_ends_the_search_and_saves() {
    use std::time::Duration;

    let desk = crate::command::Desk::new();
    let words = "fit {digits} --model mf --rank 4 --tol 0 --max-iter 100000000 --json -o model.safetensors";
    let child = desk.command(words, &[]).spawn().unwrap();
    while !hears_sigint(child.id()) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let said = crate::command::said(child.wait_with_output().unwrap()).success();
    assert_eq!(said.json()["stop_reason"], "interrupted");
    assert!(std::fs::metadata(desk.path("model.safetensors")).unwrap().len() > 4 * 4 * (1797 + 64));
}

/// Whether the process has said what SIGINT (2) does to it.
#[cfg(target_os = "linux")]
fn hears_sigint(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << (2 - 1)) != 0
}
