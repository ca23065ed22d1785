//! Search: the settings of a search as options, made of the library's rows.
//! In: the rows of `SETTINGS`; the command's words.  Out: `SearchArgs`, and `Settings` made of them.
//! Invariant: names, defaults, ranges and help are the library's; an option that is not given keeps the default.
//! Not here: what a setting does (see the library's `solve`).

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use eckart::solve::{METHODS, SETTINGS, Setting, SettingKind, SettingValue};
use eckart::{Init, Result, Settings};

use super::values::{Wrong, bytes};

/// Settings with options of their own: `--registers` is one of all commands, `--consensus` keeps starts.
const ELSEWHERE: [&str; 2] = ["registers", "keep_starts"];

/// The settings that were given, or have a default.
#[derive(Debug, Clone)]
pub(crate) struct SearchArgs {
    values: Vec<(&'static Setting, SettingValue)>,
    /// The first option that was on the command line.
    pub(crate) first: Option<String>,
}

impl SearchArgs {
    /// The settings of the search.
    ///
    /// # Errors
    /// `Setting` where a value is out of range.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        self.values.iter().try_for_each(|(row, value)| row.set(&mut settings, value.clone()))?;
        Ok(settings)
    }
}

/// The help of `--registers`.
pub(super) fn registers_help() -> &'static str {
    Settings::find("registers").map_or("", help)
}

/// The help of an option, which ends without a period as clap's do.
fn help(row: &'static Setting) -> &'static str {
    row.help.trim_end_matches('.')
}

fn rows() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|row| !ELSEWHERE.contains(&row.name))
}

fn option_name(name: &str) -> String {
    name.replace('_', "-")
}

fn arg(row: &'static Setting) -> Arg {
    let arg = Arg::new(row.name)
        .long(option_name(row.name))
        .aliases(row.aliases.iter().map(|alias| option_name(alias)))
        .help(help(row))
        .help_heading("Search");
    let arg = row.letter.map_or(arg.clone(), |letter| arg.short(letter));
    if row.kind == SettingKind::Flag {
        return arg.action(ArgAction::SetTrue);
    }
    let names = |names: Vec<&'static str>| PossibleValuesParser::new(names).map(SettingValue::Text);
    let arg = match row.name {
        "method" => arg.value_parser(names(METHODS.iter().map(|method| method.name).collect())),
        "init" => arg.value_parser(names(Init::ALL.map(Init::name).to_vec())),
        _ => arg.value_parser(|text: &str| value(row.kind, text)),
    };
    let arg = arg.value_name(row.value_name).allow_negative_numbers(true);
    match row.default_value() {
        Some(default) => arg.default_value(default.to_string()),
        None => arg,
    }
}

/// The value that a word of the command line stands for; its range is the library's to check.
fn value(kind: SettingKind, text: &str) -> std::result::Result<SettingValue, Wrong> {
    let wrong = |_| format!("write {kind}");
    Ok(match kind {
        SettingKind::Whole { .. } => SettingValue::Whole(text.parse().map_err(|_| wrong(()))?),
        SettingKind::Bytes => SettingValue::Whole(bytes(text)? as u64),
        SettingKind::Real { .. } | SettingKind::Seconds => SettingValue::Real(text.parse().map_err(|_| wrong(()))?),
        SettingKind::File => SettingValue::File(text.into()),
        _ => SettingValue::Text(text.to_owned()),
    })
}

impl Args for SearchArgs {
    fn augment_args(command: Command) -> Command {
        command.args(rows().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SearchArgs {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let given = |row: &'static Setting| {
            let value = match row.kind {
                SettingKind::Flag => Some(SettingValue::Flag(matches.get_flag(row.name))),
                _ => matches.get_one::<SettingValue>(row.name).cloned(),
            };
            value.map(|value| (row, value))
        };
        let is_given = |row: &&Setting| matches.value_source(row.name) == Some(ValueSource::CommandLine);
        let first = rows().find(is_given).map(|row| format!("--{}", option_name(row.name)));
        Ok(Self { values: rows().filter_map(given).collect(), first })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
