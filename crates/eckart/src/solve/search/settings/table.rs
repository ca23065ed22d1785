//! Table: the settings of a search, a row each.
//! In: a name and a value.  Out: `Settings`, changed and checked.
//! Invariant: the fields, their defaults and `check` come from the same rows as the command's options and Python's
//! keywords.
//! Not here: what a search does with them (see `driver`, `starts`, `ledger`).

use std::path::PathBuf;
use std::time::Duration;

use super::init::Init;
use super::kind::{SettingField, SettingKind, SettingValue};
use super::stop::Interrupt;
use crate::error::{Code, Error, Result};
use crate::run::SimdLevel;
use SettingKind::{Bytes, File, Flag, Name, Real, Seconds, Whole};

/// A setting: what the command's options, Python's keywords and [`Settings`] say of it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name: that of the field, of Python's keyword and, with hyphens, of the command's option.
    pub name: &'static str,
    /// Earlier names, which go on working.
    pub aliases: &'static [&'static str],
    /// The values that it takes.
    pub kind: SettingKind,
    /// The command's short option.
    pub letter: Option<char>,
    /// What the command's help calls a value.
    pub value_name: &'static str,
    /// What it does.
    pub help: &'static str,
    get: fn(&Settings) -> Option<SettingValue>,
    set: fn(&mut Settings, Option<SettingValue>) -> Result<()>,
}

impl Setting {
    /// Its value in `settings`.
    pub fn get(&self, settings: &Settings) -> Option<SettingValue> {
        (self.get)(settings)
    }

    /// Its value where nobody says one; `None` where that depends on the problem or the machine.
    pub fn default_value(&self) -> Option<SettingValue> {
        self.get(&Settings::default())
    }

    /// Gives it a value in `settings`.
    ///
    /// # Errors
    /// `Setting` where the value is of another kind or outside the range, or a name is unknown.
    pub fn set(&self, settings: &mut Settings, value: SettingValue) -> Result<()> {
        self.check(&value)?;
        (self.set)(settings, Some(value))
    }

    fn check(&self, value: &SettingValue) -> Result<()> {
        let Self { name, kind, .. } = self;
        if kind.takes(value) {
            return Ok(());
        }
        Err(Error::setting(Code::SettingOutOfRange, format!("{name} is {value}, it must be {kind}")))
    }
}

/// A row per setting: its field and default; the kind of its values; the command's letter and the name of a value;
/// earlier names; what it does.
macro_rules! settings {
    ($(
        $name:ident: $type:ty = $default:expr, $kind:expr, $letter:expr, $value_name:literal, $aliases:expr,
            $help:literal;
    )*) => {
        /// How a factorization is searched for. [`SETTINGS`] says the same of each setting to programs.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(#[doc = $help] pub $name: $type,)*
            /// Raised from elsewhere (Ctrl-C, another thread) to end the search with the best factors so far.
            pub interrupt: Interrupt,
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: $default,)* interrupt: Interrupt::default() }
            }
        }

        /// The settings of a search.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            name: stringify!($name),
            aliases: &$aliases,
            kind: $kind,
            letter: $letter,
            value_name: $value_name,
            help: $help,
            get: |settings| settings.$name.value(),
            set: |settings, value| {
                settings.$name = SettingField::of(value)?;
                Ok(())
            },
        }),*];
    };
}

settings! {
    method: Option<String> = None, Name, None, "NAME", ["solver"],
        "The method [default: the first that supports the problem; `eckart explain` names it].";
    init: Init = Init::Auto, Name, None, "INIT", [],
        "Where the first start begins; further starts begin at random.";
    n_init: Option<usize> = None, Whole { least: 1, most: 1 << 32 }, Some('k'), "K", ["restarts"],
        "Number of starts; the one of least cost is kept [default: 1, or 16 with successive halving where the \
         objective has several minima and its starts are cheap].";
    successive_halving: bool = false, Flag, None, "", ["halving"],
        "Drop the worse half of the starts after 25 iterations, half of the rest after 50, and so on; the last one \
         goes on to its end (successive halving, Jamieson and Talwalkar 2016). Faster than all starts in full, but a \
         start whose cost falls late is missed.";
    seed: u64 = 0, SettingKind::whole(0), Some('s'), "S", [],
        "Seed of the random starts: the same seed gives the same bits, whatever the number of threads.";
    max_iter: usize = 2_000, SettingKind::whole(0), Some('n'), "N", [],
        "Iterations per start, at most; an iteration updates every factor once.";
    tol: f64 = 3e-5, Real { least: 0.0, below: 1.0 }, None, "T", [],
        "A start has converged when the relative decrease of its cost over the last tenth of its iterations, and 20 \
         at least, is at most T.";
    target: Option<f64> = None, Real { least: f64::NEG_INFINITY, below: f64::INFINITY }, None, "COST", [],
        "Stop as soon as the cost is at or below this.";
    time_limit: Option<Duration> = None, Seconds, None, "SECONDS", [],
        "Stop after this time, all starts counted, and keep the best factors so far.";
    threads: Option<usize> = None, SettingKind::whole(1), None, "N", [],
        "Number of threads; results don't depend on it [default: one per core].";
    registers: Option<SimdLevel> = None, Name, None, "LEVEL", [],
        "Vector registers: base (128 bits), avx2 or avx512; results differ in their last bits [default: \
         ECKART_REGISTERS, or the widest of this processor].";
    memory_limit: Option<usize> = None, Bytes, None, "SIZE", [],
        "Refuse a search whose process would hold more than this at its peak, data included [default: what it \
         holds and what is free].";
    keep_starts: bool = false, Flag, None, "", [],
        "Keep the components of every start, so that the starts can be compared.";
    checkpoint: Option<PathBuf> = None, File, None, "FILE", [],
        "Save the state of the search to this file from time to time, so that another run can resume it.";
    checkpoint_every: Duration = Duration::from_secs(60), Seconds, None, "SECONDS", [],
        "Least time between two checkpoints; 0 saves one after every iteration.";
    resume: Option<PathBuf> = None, File, None, "FILE", [],
        "Resume the search that saved this checkpoint: it ends with the same bits as one that was never stopped. The \
         limits of iterations, time and memory, the number of threads, and that of starts that are not halved may be \
         others than before.";
}

impl Settings {
    /// The setting of that name, or of that earlier name.
    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|row| row.name == name || row.aliases.contains(&name))
    }

    /// Refuses a checkpoint whose file is there already, unless it is the one to resume from; a search that is resumed
    /// keeps its checkpoint where it was, unless another file is named.
    ///
    /// # Errors
    /// `Setting`, with the file.
    pub fn place_checkpoint(&mut self) -> Result<()> {
        let new = self.checkpoint.as_ref().filter(|&file| Some(file) != self.resume.as_ref());
        if let Some(file) = new.filter(|file| file.exists()) {
            let message = "is there already: resume from it (--resume, resume=), or delete it to begin anew";
            return Err(Error::setting(Code::CheckpointExists, format!("{} {message}", file.display())));
        }
        self.checkpoint = self.checkpoint.take().or_else(|| self.resume.clone());
        Ok(())
    }

    /// The number of starts: 1 where none is said.
    pub fn starts(&self) -> usize {
        self.n_init.unwrap_or(1)
    }

    /// Refuses values outside their ranges, and settings that exclude each other.
    pub(in crate::solve) fn check(&self) -> Result<()> {
        SETTINGS.iter().try_for_each(|row| row.get(self).map_or(Ok(()), |value| row.check(&value)))?;
        let unused = self.checkpoint.is_none() && self.resume.is_none();
        if unused && self.checkpoint_every != Self::default().checkpoint_every {
            let message = "checkpoint_every says how often a checkpoint is written, and none is: name its file with \
                           checkpoint";
            return Err(Error::setting(Code::OptionMissing, message));
        }
        if self.successive_halving && self.keep_starts {
            let clash = "successive halving drops starts before they can be compared: keep them, or halve them";
            return Err(Error::setting(Code::SettingsConflict, clash));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let names: Vec<&str> = SETTINGS.iter().flat_map(|row| row.aliases.iter().chain([&row.name])).copied().collect();
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name} is there twice");
            assert!(Settings::find(name).is_some());
        }
        let letters: Vec<char> = SETTINGS.iter().filter_map(|row| row.letter).collect();
        assert!(letters.iter().enumerate().all(|(at, letter)| !letters[..at].contains(letter)), "{letters:?}");
    }

    #[test]
    fn every_setting_takes_its_own_default() {
        let mut settings = Settings::default();
        settings.check().unwrap();
        for row in SETTINGS {
            if let Some(value) = row.default_value() {
                row.set(&mut settings, value.clone()).unwrap();
                assert_eq!(row.get(&settings), Some(value), "{}", row.name);
            }
        }
    }

    #[test]
    fn values_outside_the_range_are_refused() {
        let check = |name: &str, value: SettingValue, code: Code, text: &str| {
            let error = Settings::find(name).unwrap().set(&mut Settings::default(), value).unwrap_err();
            assert!(error.code() == code && error.to_string().contains(text), "{error}");
        };
        let out = Code::SettingOutOfRange;
        check("n_init", SettingValue::Whole(0), out, "n_init is 0, it must be a whole number from 1 to 4294967296");
        check("restarts", SettingValue::Whole((1 << 32) + 1), out, "n_init is 4294967297");
        check("tol", SettingValue::Real(1.0), out, "tol is 1, it must be at least 0 and below 1");
        check("tol", SettingValue::Real(f64::NAN), out, "tol is NaN");
        check("target", SettingValue::Real(f64::NAN), out, "target is NaN, it must be a number");
        check("time_limit", SettingValue::Real(-1.0), out, "time_limit is -1, it must be a number of seconds");
        check("checkpoint_every", SettingValue::Real(1e300), out, "below 1.8e19");
        Settings::find("time_limit").unwrap().set(&mut Settings::default(), SettingValue::Real(1.8e19)).unwrap();
        check("threads", SettingValue::Whole(0), out, "threads is 0");
        check("successive_halving", SettingValue::Whole(1), out, "true or false");
        check("init", SettingValue::Text("none".into()), Code::UnknownInit, "nndsvd");
        check("registers", SettingValue::Text("sse".into()), Code::UnknownChoice, "avx2");
    }

    #[test]
    fn settings_that_exclude_each_other_are_refused() {
        let base = Settings { successive_halving: true, n_init: Some(3), ..Settings::default() };
        base.check().unwrap();
        let clash = Settings { keep_starts: true, ..base };
        assert_eq!(clash.check().unwrap_err().code(), Code::SettingsConflict);
        let mut often = Settings { checkpoint_every: Duration::ZERO, ..Settings::default() };
        assert_eq!(often.check().unwrap_err().code(), Code::OptionMissing);
        often.checkpoint = Some("x".into());
        often.check().unwrap();
    }
}
