//! `cargo xtask soak`: runs the command in poor places, by seeds: killed, told to end, without room, memory or threads.
//! Whatever happens, it ends with an exit code of its own, leaves no file aside, and a search that goes on from its
//! checkpoint ends with the bytes of one that was never stopped.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Failure, command};

/// Seconds, unless others are asked for: what every change must stand.
const SECONDS: u64 = 60;
/// Seconds of `cargo xtask test --long`.
pub(crate) const LONG: u64 = 600;
/// The longest that a run may take before it hangs.
const HANGS: Duration = Duration::from_secs(120);
/// Times that one search is killed.
const KILLS: u64 = 6;

/// What is fitted, and with what.
const FITS: [&str; 4] = [
    "--model nmf --rank 4 --n-init 2 -n 600 --tol 0",
    "--objective 'sum(kl(X, W @ H)) subject to W, H >= 0' --rank 3 -n 400 --tol 0",
    "--model nmf --rank 3 --n-init 6 -n 200 --threads 1",
    "--objective 'sum(log(1 + (X - W @ H)**2))' --rank 2 --n-init 2 -n 200 --tol 0",
];

/// Soaks for the time that is asked for: `[--seconds N] [--seed N]`.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let (seconds, seed) = parse(args)?;
    let root = crate::root();
    // The command that the tests run, with the same features: nothing is built twice.
    command::run(command::cargo(&root).args(["test", "--workspace", "--no-run", "--quiet"]))?;
    let folder = root.join("target").join("soak");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let mut soak = Soak { folder, program: root.join("target").join("debug").join("eckart"), random: seed };
    soak.write_data()?;
    let (began, mut rounds) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(seconds) {
        // Its number alone gives a round again: --seed N for the first of them.
        soak.random = seed + rounds;
        soak.round().map_err(|failure| Failure::new(format!("seed {}: {failure}", seed + rounds)))?;
        rounds += 1;
    }
    println!("soak: {rounds} rounds in {} s, from seed {seed}: all ended as they should", began.elapsed().as_secs());
    Ok(())
}

fn parse(args: &[String]) -> Result<(u64, u64), Failure> {
    let (mut seconds, mut seed) = (SECONDS, 0);
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let place = match word.as_str() {
            "--seconds" => &mut seconds,
            "--seed" => &mut seed,
            _ => return Err(Failure::new(format!("`{word}` is not understood: soak [--seconds N] [--seed N]"))),
        };
        let number = words.next().and_then(|text| text.parse().ok());
        *place = number.ok_or_else(|| Failure::new(format!("{word} takes a whole number")))?;
    }
    Ok((seconds, seed))
}

/// Where it runs, and what is random.
struct Soak {
    folder: PathBuf,
    program: PathBuf,
    random: u64,
}

impl Soak {
    /// A number below `below` (SplitMix64).
    fn below(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// Counts of 60 x 40.
    fn write_data(&mut self) -> Result<(), Failure> {
        let row = |soak: &mut Self| (0..40).map(|_| soak.below(9).to_string()).collect::<Vec<_>>().join(",");
        let rows: Vec<String> = (0..60).map(|_| row(self)).collect();
        fs::write(self.folder.join("x.csv"), rows.join("\n") + "\n").map_err(|error| Failure::new(format!("{error}")))
    }

    fn round(&mut self) -> Result<(), Failure> {
        let fit = FITS[self.below(FITS.len() as u64) as usize];
        let round: fn(&mut Self, &str) -> Result<(), Failure> =
            [Self::killed, Self::told_to_end, Self::without_room, Self::without_memory, Self::without_threads]
                [self.below(5) as usize];
        round(self, fit)?;
        // A run that ends takes away what killed ones have left.
        self.ends(&format!("fit x.csv {fit} -o m.safetensors -q"), "", &[0])?;
        let names = fs::read_dir(&self.folder).map_err(|error| Failure::new(error.to_string()))?;
        let names: Vec<String> = names
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !is_known(name))
            .collect();
        if names.is_empty() { Ok(()) } else { Err(Failure::new(format!("files are left: {}", names.join(", ")))) }
    }

    /// Killed several times, at any moment, and resumed: the same bytes.
    fn killed(&mut self, fit: &str) -> Result<(), Failure> {
        self.begins_anew();
        for _ in 0..=self.below(KILLS) {
            let mut child = self.start(&self.goes_on(fit), "")?;
            sleep(Duration::from_millis(self.below(400)));
            let _ = child.kill();
            wait(&mut child)?;
        }
        self.goes_on_to_the_same(fit)
    }

    /// Told to end, at any moment: it saves and ends as always, or ends before it has anything to save.
    fn told_to_end(&mut self, fit: &str) -> Result<(), Failure> {
        self.begins_anew();
        let signal = ["INT", "TERM", "HUP"][self.below(3) as usize];
        let mut child = self.start(&self.goes_on(fit), "")?;
        sleep(Duration::from_millis(self.below(400)));
        let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        let status = wait(&mut child)?;
        // Before the command hears signals, they end it.
        let by_signal = std::os::unix::process::ExitStatusExt::signal(&status).is_some();
        if !by_signal && !matches!(status.code(), Some(0 | 2)) {
            return Err(Failure::new(format!("SIG{signal} ended `{fit}` with {status}")));
        }
        self.goes_on_to_the_same(fit)
    }

    /// Files may grow to so many KiB: an error, or none where that is enough; the model is the old one or a new one.
    fn without_room(&mut self, fit: &str) -> Result<(), Failure> {
        let words = format!("fit x.csv {fit} -o whole.safetensors --report whole.html -q");
        self.ends(&words, "", &[0])?;
        let limit = format!("trap '' XFSZ; ulimit -f {};", self.below(24));
        self.ends(&words, &limit, &[0, 2])?;
        self.ends("show whole.safetensors", "", &[0])
    }

    /// An address space of 20 to 820 MB: an error, or a result.
    fn without_memory(&mut self, fit: &str) -> Result<(), Failure> {
        let limit = format!("ulimit -v {};", 20_000 + 1000 * self.below(800));
        self.ends(&format!("fit x.csv {fit} -q"), &limit, &[0, 2, 127])
    }

    /// Few threads: a result.
    fn without_threads(&mut self, fit: &str) -> Result<(), Failure> {
        // No limit holds root, for whom this is a run as any other.
        let limit = format!("ulimit -u {};", 1 + self.below(3));
        self.ends(&format!("fit x.csv {fit} -q"), &limit, &[0])
    }

    fn begins_anew(&self) {
        let _ = fs::remove_file(self.folder.join("at.safetensors"));
    }

    /// The words of a run that goes on from the checkpoint, where there is one.
    fn goes_on(&self, fit: &str) -> String {
        let is_there = self.folder.join("at.safetensors").exists();
        let from = if is_there { "--resume" } else { "--checkpoint-every 0 --checkpoint" };
        format!("fit x.csv {fit} {from} at.safetensors -o again.npy -q")
    }

    /// Goes on to the end: the factors are those of a run that was not stopped.
    fn goes_on_to_the_same(&self, fit: &str) -> Result<(), Failure> {
        self.ends(&self.goes_on(fit), "", &[0])?;
        self.ends(&format!("fit x.csv {fit} -o other.npy -q"), "", &[0])?;
        for name in ["W", "H"] {
            let read = |stem: &str| fs::read(self.folder.join(format!("{stem}.{name}.npy"))).unwrap_or_default();
            if read("again").is_empty() || read("again") != read("other") {
                return Err(Failure::new(format!("`{fit}` went on to other factors {name}")));
            }
        }
        Ok(())
    }

    fn start(&self, words: &str, limit: &str) -> Result<Child, Failure> {
        let text = format!("{limit} exec {} {words}", self.program.display());
        let mut shell = Command::new("bash");
        shell.args(["-c", &text]).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        shell.stderr(Stdio::piped()).spawn().map_err(|error| Failure::new(format!("bash: {error}")))
    }

    /// Runs to the end, with one of these exit codes.
    fn ends(&self, words: &str, limit: &str, codes: &[i32]) -> Result<(), Failure> {
        let mut child = self.start(words, limit)?;
        let status = wait(&mut child)?;
        if status.code().is_some_and(|code| codes.contains(&code)) {
            return Ok(());
        }
        let mut said = String::new();
        let _ = child.stderr.take().map(|mut stderr| std::io::Read::read_to_string(&mut stderr, &mut said));
        Err(Failure::new(format!("`{limit} eckart {words}` ended with {status}: {said}")))
    }
}

/// The files that a run may leave.
fn is_known(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    ["x", "m", "whole", "at", "again", "other"].contains(&stem)
}

/// Waits for the end of a run, which must come.
fn wait(child: &mut Child) -> Result<ExitStatus, Failure> {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if began.elapsed() < HANGS => sleep(Duration::from_millis(5)),
            Ok(None) => {
                let _ = child.kill();
                return Err(Failure::new(format!("a run hung for {} s", HANGS.as_secs())));
            }
            Err(error) => return Err(Failure::new(format!("a run can't be waited for: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let parsed = |text: &str| parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(parsed("").unwrap(), (SECONDS, 0));
        assert_eq!(parsed("--seconds 5 --seed 7").unwrap(), (5, 7));
        for wrong in ["--seconds", "--seconds x", "5", "--fast 1"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_aside_are_not_known() {
        assert!(is_known("at.safetensors") && is_known("again.W.npy"));
        assert!(!is_known(".at.safetensors.123.partial") && !is_known("core"));
    }
}
