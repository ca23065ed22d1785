//! Serve: answers requests, one after the other, until there are no more.
//! In: a line of JSON on standard input each.  Out: a line of JSON on standard output each.
//! Invariant: only the task itself is inside the clock; an error is an answer too.
//! Not here: what is asked and in which order (see `xtask`).

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::time::Instant;

use eckart::run::{Machine, peak_memory};
use serde_json::{Value, json};

use crate::digest::digest;
use crate::tasks::load;
use crate::work::{Data, Work};
use crate::{Result, arrays, trouble};

/// How often the machine is measured: other work lowers what is found, so the best counts.
const TRIES: usize = 15;

/// Prints what this machine can do with the threads of this process.
pub(crate) fn machine() -> Result<()> {
    let tries = (0..TRIES).map(|_| Machine::measure(None)).collect::<eckart::Result<Vec<_>>>()?;
    let best = |of: fn(&Machine) -> f64| tries.iter().map(of).fold(0.0, f64::max);
    let told = json!({
        "flops_per_second": best(|machine| machine.flops_per_second),
        "flops_per_second_f32": best(|machine| machine.flops_per_second_f32),
        "bytes_per_second": best(|machine| machine.bytes_per_second),
    });
    println!("{told}");
    Ok(())
}

/// Answers until standard input ends.
pub(crate) fn serve() -> Result<()> {
    let mut session = Session::default();
    for line in io::stdin().lock().lines() {
        let answer = session.answer(&line?).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// The task that is loaded.
#[derive(Default)]
struct Session {
    work: Option<Box<dyn Work>>,
    folder: PathBuf,
}

impl Session {
    fn answer(&mut self, line: &str) -> Result<Value> {
        let request: Value = serde_json::from_str(line)?;
        match request["do"].as_str().unwrap_or_default() {
            "load" => self.load(&request),
            "aim" => {
                self.work()?.aim(number(&request, "target")?)?;
                Ok(json!({}))
            }
            "run" => self.run(&request),
            "judge" => self.judge(&request),
            "peak" => Ok(json!({ "peak": peak_memory(), "needs": self.work()?.needs() })),
            other => trouble(format!("`{other}` can't be done")),
        }
    }

    fn work(&mut self) -> Result<&mut Box<dyn Work>> {
        self.work.as_mut().map_or_else(|| trouble("no task is loaded"), Ok)
    }

    fn load(&mut self, request: &Value) -> Result<Value> {
        self.folder = PathBuf::from(text(request, "folder")?);
        let data = Data { folder: &self.folder, rank: number(request, "rank")? as usize };
        self.work = Some(load(text(request, "work")?, &data)?);
        // The peak that counts begins here: reading files is no part of the task. Where it can't be set back it is
        // kept.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Ok(json!({ "version": env!("CARGO_PKG_VERSION"), "held": peak_memory() }))
    }

    fn run(&mut self, request: &Value) -> Result<Value> {
        let (lead, batch) = (number(request, "lead")? as u32, number(request, "batch")?.max(1.0) as u32);
        let work = self.work()?;
        for _ in 0..lead {
            work.run()?;
        }
        let began = Instant::now();
        for _ in 0..batch {
            work.run()?;
        }
        let seconds = began.elapsed().as_secs_f64() / f64::from(batch);
        let mut digests = Vec::new();
        if request["digest"] == true {
            digests.extend(work.results()?.iter().map(digest));
        }
        Ok(json!({ "seconds": seconds, "digests": digests }))
    }

    /// The value of the factors that were found here, or that the peer has left in the folder.
    fn judge(&mut self, request: &Value) -> Result<Value> {
        let folder = self.folder.clone();
        let work = self.work()?;
        let found = if request["own"] == true {
            work.results()?
        } else {
            let read = |name| arrays::read_dense(&folder.join(format!("found-{name}.npy")));
            work.factors().iter().map(read).collect::<Result<_>>()?
        };
        Ok(json!({ "value": work.value(&found)? }))
    }
}

fn text<'a>(request: &'a Value, key: &str) -> Result<&'a str> {
    request[key].as_str().map_or_else(|| trouble(format!("the request lacks `{key}`")), Ok)
}

fn number(request: &Value, key: &str) -> Result<f64> {
    request[key].as_f64().map_or_else(|| trouble(format!("the request lacks `{key}`")), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_wrongly_is_said() {
        let mut session = Session::default();
        let mut refused = |line: &str| session.answer(line).unwrap_err().to_string();
        assert!(refused("{").contains("EOF"));
        assert!(refused(r#"{"do": "fly"}"#).contains("`fly`"));
        assert!(refused(r#"{"do": "run", "lead": 0, "batch": 1}"#).contains("no task"));
        assert!(refused(r#"{"do": "load", "folder": "x"}"#).contains("`rank`"));
    }
}
