//! Checkpoints: a run that is killed goes on as if it had not been.

use eckart::Code;

use crate::command::{Desk, said};

/// The factors of a model, byte by byte.
#[track_caller]
fn factors(desk: &Desk, name: &str) -> Vec<Vec<u8>> {
    ["W", "H"].map(|factor| std::fs::read(desk.path(&format!("{name}.{factor}.npy"))).unwrap()).to_vec()
}

const WORDS: &str = "fit {digits} --model nmf --rank 6 --n-init 3 --max-iter 60 --tol 0 --seed 4 -q";

/// Kills the command twenty times, each time a little later, and goes on until it ends.
#[cfg(unix)]
#[test]
fn a_run_that_is_killed_ends_as_one_that_is_not() {
    use std::time::{Duration, Instant};

    let desk = Desk::new();
    let began = Instant::now();
    desk.prints(&format!("{WORDS} -o whole.npy"), &[]);
    let whole = began.elapsed();
    let mut random = 88_172_645_463_325_252_u64;
    let mut killed = 0;
    for round in 0..400 {
        let go_on = if desk.path("at.safetensors").exists() { "--resume" } else { "--checkpoint" };
        let words = format!("{WORDS} {go_on} at.safetensors --checkpoint-every 0 -o parts.npy");
        let mut child = desk.command(&words, &[]).spawn().unwrap();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // As long as a run takes to begin, and some time of one; longer and longer, so that it comes to an end.
        let share = 0.2 + (random % 1000) as f64 / 1000.0 + f64::from(round / 20) * 0.2;
        let deadline = Instant::now() + whole.mul_f64(if killed < 20 { share.min(1.0) * 0.5 } else { 1000.0 });
        let ended = loop {
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            if Instant::now() >= deadline {
                break false;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if ended {
            let said = said(child.wait_with_output().unwrap());
            assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        // No kill leaves a file that is not whole.
        if desk.path("at.safetensors").exists() {
            assert!(eckart::data::read_model_file(desk.path("at.safetensors")).is_ok());
        }
    }
    println!("killed {killed} times");
    assert!(factors(&desk, "whole") == factors(&desk, "parts"), "killed {killed} times");
    // A run that was done is done at once.
    desk.prints(&format!("{WORDS} --resume at.safetensors -o again.npy"), &[]);
    assert!(factors(&desk, "whole") == factors(&desk, "again"));
}

#[test]
fn a_search_goes_on_where_its_time_was_up() {
    let desk = Desk::new();
    desk.file(
        "x.csv",
        (0..60).map(|i| format!("{},{},{},{}\n", i % 7, i % 5, (i * i) % 11, i % 3)).collect::<String>(),
    );
    for method in ["", "--method proximal-gradient", "--method normalized-gradient", "--method l-bfgs", "--method hals"]
    {
        let model = if method.contains("l-bfgs") { "mf" } else { "nmf" };
        let words = format!("fit x.csv --model {model} --rank 2 --n-init 2 -n 400 --tol 1e-12 -q {method}");
        let name = method.rsplit(' ').next().unwrap();
        desk.prints(&format!("{words} -o whole{name}.npy"), &[]);
        let file = format!("{name}at.safetensors");
        desk.prints(&format!("{words} --checkpoint {file} --checkpoint-every 0 --time-limit 0 -o a.npy"), &[]);
        for _ in 0..3 {
            desk.prints(&format!("{words} --resume {file} --checkpoint-every 0 --time-limit 0.01 -o a.npy"), &[]);
        }
        desk.prints(&format!("{words} --resume {file} -o parts{name}.npy"), &[]);
        assert!(factors(&desk, &format!("whole{name}")) == factors(&desk, &format!("parts{name}")), "{method}");
    }
}

#[test]
fn what_is_no_checkpoint_of_this_search_is_refused() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n2,4,7\n3,6,8\n").file("y.csv", "1,2,3\n2,4,7\n3,6,9\n");
    let words = "fit x.csv --model nmf --rank 1 -n 20 -q";
    desk.prints(&format!("{words} --checkpoint at.safetensors -o m.safetensors"), &[]);
    desk.refuses(
        &format!("{words} --checkpoint at.safetensors"),
        &[],
        Code::CheckpointExists,
        &["at.safetensors", "--resume"],
    );
    desk.refuses(
        &format!("{words} --resume at.safetensors --seed 1"),
        &[],
        Code::CheckpointDiffers,
        &["at.safetensors", "seed: 0 there, 1 here"],
    );
    desk.prints(&format!("{} --resume at.safetensors -o longer.npy", words.replace("-n 20", "-n 30")), &[]);
    desk.refuses(
        &words.replace("x.csv", "y.csv --resume at.safetensors"),
        &[],
        Code::CheckpointDiffers,
        &["data: X 3x3", "of other entries"],
    );
    desk.refuses(&format!("{words} --resume m.safetensors"), &[], Code::NotACheckpoint, &["m.safetensors"]);
    desk.refuses(&format!("{words} --resume none.safetensors"), &[], Code::FileNotFound, &["none.safetensors"]);
    desk.refuses(
        &format!("{words} --checkpoint none/at.safetensors"),
        &[],
        Code::FileNotFound,
        &["none/at.safetensors", "there is no folder none"],
    );
    desk.refuses(
        "fit x.csv --model nmf --rank 1..2 --bcv --checkpoint c.safetensors",
        &[],
        Code::SettingsConflict,
        &["--checkpoint"],
    );
    let before = std::fs::read(desk.path("at.safetensors")).unwrap();
    let bytes = &before[..before.len() - 8];
    desk.file("cut.safetensors", bytes);
    desk.refuses(&format!("{words} --resume cut.safetensors"), &[], Code::TruncatedFile, &["cut.safetensors"]);
}

/// The way on that a message names is one that can be gone.
#[test]
fn registers_of_a_checkpoint_are_named_as_options_are() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n2,4,7\n3,6,8\n");
    let words = "fit x.csv --model nmf --rank 1 -n 20 -q -o m.safetensors";
    desk.prints(&format!("{words} --registers base --checkpoint at.safetensors"), &[]);
    desk.prints(&format!("{words} --resume at.safetensors --registers base"), &[]);
    let widest = desk.json("fit x.csv --model nmf --rank 1 -n 2", &[])["registers"].clone();
    if widest != "base" {
        let words = format!("{words} --resume at.safetensors --registers {}", widest.as_str().unwrap());
        let texts = ["at.safetensors", "registers base", "`--registers base`", "registers=\"base\""];
        desk.refuses(&words, &[], Code::CheckpointDiffers, &texts);
    }
}

/// A folder that takes no files any more fails the checkpoint, not the search, and the file before stands.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_is_gone_does_not_lose_the_run() {
    use std::time::Duration;

    let desk = Desk::new();
    std::fs::create_dir(desk.path("there")).unwrap();
    let words = "fit {digits} --model nmf --rank 4 -n 100000000 --tol 0 --time-limit 4 -q --checkpoint-every 0.05 \
                 --checkpoint there/at.safetensors -o m.npy";
    let child = desk.command(words, &[]).spawn().unwrap();
    while !desk.path("there/at.safetensors").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::rename(desk.path("there"), desk.path("gone")).unwrap();
    let said = said(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(2), "{}", said.err);
    said.warned(Code::CheckpointNotWritten, "there/at.safetensors");
    assert!(desk.path("m.W.npy").exists());
    assert!(eckart::data::read_model_file(desk.path("gone/at.safetensors")).is_ok());
}

/// The consensus model is found by a search of its own, which is no part of the checkpoint.
#[test]
fn a_search_whose_starts_are_compared_can_go_on() {
    let desk = Desk::new();
    let words = "fit {digits} --model nmf --rank 3 --n-init 2 --consensus -n 8 --tol 0 -q";
    desk.prints(&format!("{words} --checkpoint at.safetensors -o whole.npy"), &[]);
    desk.prints(&format!("{words} --resume at.safetensors -o again.npy"), &[]);
    assert!(factors(&desk, "whole") == factors(&desk, "again"));
}
