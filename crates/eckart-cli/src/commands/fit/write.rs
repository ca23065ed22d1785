//! Write: where a result goes: factors, a page, a report.
//! In: `Outcome`, `Request`.  Out: files; the text for standard output, and the exit code.
//! Invariant: files first, so that no result is lost for a report.
//! Not here: what a report says (see `output`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eckart::data::ReadOptions;
use eckart::{Code, Factorization, Result, StopReason};

use super::outcome::Outcome;
use super::request::Request;
use crate::options::FitArgs;
use crate::output::html_report;
use crate::output::json::json;
use crate::output::report::report;
use crate::warn;

impl Outcome {
    /// Writes the files that were asked for; returns the text for standard output, and the exit code.
    ///
    /// # Errors
    /// `Io` where the system refuses.
    pub(super) fn write(&self, request: &Request<'_>) -> Result<(String, u8)> {
        let args = request.args;
        let written = self.write_files(request)?;
        // The report for people has those of the objective, and says why the search ended; without it both are said
        // here.
        let reported = !args.json && !args.quiet;
        let unsaid = self.fit.warnings.iter().filter(|_| !reported);
        let ended = self.warnings();
        let ended = ended.iter().filter(|warning| !reported || warning.code != Code::NotConverged);
        unsaid.chain(ended).for_each(warn);
        let text = match (args.json, args.quiet) {
            (true, _) => json(self, &written),
            (false, true) => String::new(),
            (false, false) => report(self, &written),
        };
        Ok((text, exit_code(&self.fit)))
    }

    /// The factors, those of the consensus, and the page.
    fn write_files(&self, request: &Request<'_>) -> Result<Vec<PathBuf>> {
        let mut written = Vec::new();
        if let Some(output) = &request.output {
            written.extend(output.write(&self.fit)?);
            if let Some((_, agreed)) = &self.consensus {
                written.extend(output.beside("consensus").write(agreed)?);
            }
        }
        if let Some(path) = &request.args.report {
            let program = std::iter::once("eckart".to_owned());
            let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
            let page = html_report::page(&self.fit, Some(&self.data), request.args.look);
            let page = page.titles(self.data.titles.clone()).command(program.chain(words));
            let files = files(request.args, &self.data.beside.options);
            let page = files.into_iter().fold(page, |page, (name, file, options)| page.file(name, file, &options));
            let page = page.match_by(request.args.matching.by);
            let page = self.consensus.iter().fold(page, |page, (found, _)| page.consensus(found));
            page.write(path)?;
            written.push(path.clone());
        }
        Ok(written)
    }
}

fn exit_code(fit: &Factorization) -> u8 {
    match (&fit.checkpoint_error, fit.stop_reason()) {
        (Some(_), _) => crate::YOURS,
        (None, StopReason::Diverged) => crate::DIVERGED,
        (None, _) => 0,
    }
}

/// The files of a fit, by the names of their matrices, and how each is read.
fn files<'a>(args: &'a FitArgs, options: &BTreeMap<String, ReadOptions>) -> Vec<(&'a str, &'a Path, ReadOptions)> {
    let beside = args.objective.matrices.iter().chain(&args.factors.fix).chain(&args.factors.init_from);
    // A model brings a factor without any.
    let read = |name: &String| options.get(name).cloned().unwrap_or_default();
    let beside = beside.map(|(name, file)| (&**name, &**file, read(name)));
    std::iter::once(("X", &*args.file, args.reading.options())).chain(beside).collect()
}
