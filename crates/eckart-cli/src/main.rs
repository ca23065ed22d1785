//! The `eckart` command: dispatch and exit codes.

mod beside;
mod catalog;
mod commands;
mod load;
mod model;
mod objective;
mod options;
mod output;
mod paths;
mod stack;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use eckart::error::{PrintedAs, printable};
use eckart::expr::text::nearest;
use eckart::report::numbers;
use eckart::{Code, Error, Result, Warning};

use options::{Cli, Command};
use paths::Paths;

/// The user is at fault: what is given can't be used, or could mean several things.
const YOURS: u8 = 2;
/// Eckart is.
const OURS: u8 = 1;
/// The result is written, but the search that led to it diverged.
const DIVERGED: u8 = 3;

#[global_allocator]
static ALLOCATOR: eckart::run::ExitWithoutMemory = eckart::run::ExitWithoutMemory;

fn main() -> ExitCode {
    stack::on_usual_stack(command)
}

/// Reads the command line, does what it says, and tells what came of it.
fn command() -> ExitCode {
    let Cli { command, registers } = match Cli::from_process() {
        Ok(cli) => cli,
        Err(error) => return usage(advised(error)),
    };
    eckart::run::return_freed_memory();
    // A limit on the size of files is an error of what is written then, and no end.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    // A panic is a defect of ours, and has said where it was by now.
    let done = catch_unwind(AssertUnwindSafe(|| {
        registers.map_or(Ok(()), eckart::run::use_simd_level).and_then(|()| run(&command))
    }))
    .unwrap_or_else(|_| Err(Error::Bug("a panic".into())));
    match done.and_then(|(text, code)| print(&shown(&text, &command)).map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        // Whoever reads what a command writes has seen enough.
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => refused(&error, command.json()),
    }
}

/// Says why there is no result; the exit code.
fn refused(error: &Error, as_json: bool) -> ExitCode {
    fail(error, as_json);
    ExitCode::from(if error.is_users_fault() { YOURS } else { OURS })
}

/// Help and version are no errors; a command line that can't be understood is the user's.
fn usage(error: clap::Error) -> ExitCode {
    let plain_wanted = std::env::var_os("NO_COLOR").is_some();
    if error.exit_code() == 0 {
        let colored = io::stdout().is_terminal() && !plain_wanted;
        let text = if colored { error.render().ansi().to_string() } else { error.render().to_string() };
        return print(&text).map_or_else(|error| refused(&error, false), |()| ExitCode::SUCCESS);
    }
    let code = usage_code(&error);
    let colored = io::stderr().is_terminal() && !plain_wanted;
    let plain = error.render().to_string();
    let text = if colored { error.render().ansi().to_string() } else { plain.clone() };
    let _ = write!(io::stderr(), "{}", text.replacen("error:", &format!("error[{code}]:"), 1));
    if std::env::args_os().any(|arg| arg == OsStr::new("--json")) {
        let object = output::json::usage_object(code, &plain).to_string();
        let _ = writeln!(io::stdout(), "{}", printable(&object, PrintedAs::Json));
    }
    ExitCode::from(YOURS)
}

/// The same error with advice that fits: the word that was probably meant, and which commands have the option; not how
/// a file could be called so.
fn advised(mut error: clap::Error) -> clap::Error {
    let text = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let option = text(&error, ContextKind::InvalidArg).unwrap_or_default();
    let mut tips = match error.remove(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(tips)) => tips,
        _ => Vec::new(),
    };
    tips.retain(|tip| !tip.to_string().contains(" as a value"));
    if error.kind() == ErrorKind::UnknownArgument {
        if let Some(usage) = options::usage() {
            error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
        }
        let meant = text(&error, ContextKind::SuggestedArg).unwrap_or_default();
        let others = options::commands_with(&option);
        // An earlier name is no advice, nor is another option where the one that was written is one of another command.
        if !others.is_empty() || options::commands_with(&meant).is_empty() {
            error.remove(ContextKind::SuggestedArg);
        }
        tips.extend((!others.is_empty()).then(|| StyledStr::from(format!("{option} is an option of {others}"))));
    }
    let known = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) => known.clone(),
        _ => Vec::new(),
    };
    let given = text(&error, ContextKind::InvalidValue);
    if let (Some(given), None) = (given, error.get(ContextKind::SuggestedValue))
        && let Some(meant) = nearest(&given, known.iter().map(String::as_str))
    {
        error.insert(ContextKind::SuggestedValue, ContextValue::String(meant.to_owned()));
    }
    if option == "[CODE]" {
        error.remove(ContextKind::ValidValue);
        tips.push("`eckart codes` lists them".into());
    }
    if !tips.is_empty() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// Options and arguments whose value is a name of the library's: what is wrong has the code that the library gives it.
const NAMES: [(&str, Code); 5] = [
    ("--model", Code::UnknownModel),
    ("[NAME]", Code::UnknownModel),
    ("[CODE]", Code::UnknownChoice),
    ("--method", Code::UnknownMethod),
    ("--init", Code::UnknownInit),
];

/// The code of an error that clap finds.
fn usage_code(error: &clap::Error) -> Code {
    let option = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) => option.as_str(),
        _ => "",
    };
    match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => Code::UnknownOption,
        ErrorKind::InvalidValue => {
            NAMES.iter().find(|(name, _)| option.starts_with(name)).map_or(Code::BadOptionValue, |(_, code)| *code)
        }
        ErrorKind::ValueValidation
        | ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues
        | ErrorKind::NoEquals => Code::BadOptionValue,
        ErrorKind::ArgumentConflict => Code::SettingsConflict,
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Code::OptionMissing,
        _ => Code::BadUsage,
    }
}

/// Says on standard error why there is no result, and with `as_json` as an object on standard output, too.
fn fail(error: &Error, as_json: bool) {
    // Where nobody reads the error, the exit code still says it.
    let _ = writeln!(io::stderr(), "error[{}]: {error}", error.code());
    if as_json {
        let object = output::json::error_object(error).to_string();
        let _ = writeln!(io::stdout(), "{}", printable(&object, PrintedAs::Json));
    }
}

/// Says on standard error what the user should know but did not ask for.
pub(crate) fn warn(warning: &Warning) {
    // Where nobody reads it, the result still stands.
    let _ = writeln!(io::stderr(), "warning[{}]: {warning}", warning.code);
}

/// What goes to standard output, and the exit code.
fn run(command: &Command) -> Result<(String, u8)> {
    Paths::of(command).check()?;
    let text = match command {
        Command::Fit(args) => return commands::fit::fit(args),
        Command::Explain(args) => commands::explain::explain(args),
        Command::Transform(args) => return commands::transform::transform(args, Paths::of(command)),
        Command::Recommend(args) => commands::recommend::recommend(args),
        Command::Similar(args) => commands::similar::similar(args),
        Command::Evaluate(args) => commands::evaluate::evaluate(args),
        Command::Codes(args) => catalog::codes(args),
        Command::Models(args) => catalog::models(args),
        Command::Show(args) => commands::show::show(args),
        Command::Report(args) => output::html_report::report(args),
    }?;
    Ok((text, 0))
}

/// The text as it goes to standard output: none of it can command a terminal. A page or a picture goes to a pipe as it
/// goes to a file.
fn shown<'t>(text: &'t str, command: &Command) -> Cow<'t, str> {
    let is_terminal = io::stdout().is_terminal();
    let plain = |text: &str| printable(text, PrintedAs::Lines).into_owned();
    match command.json() {
        true => printable(text, PrintedAs::Json),
        false if command.prints_a_file() && !is_terminal => Cow::Borrowed(text),
        // Headings are bold, and by what else is on a page nothing is.
        false if is_terminal => {
            let [on, off] = output::page::BOLD;
            let parts = |part: &str| part.split(off).map(plain).collect::<Vec<_>>().join(off);
            text.split(on).map(parts).collect::<Vec<_>>().join(on).into()
        }
        false => plain(text).into(),
    }
}

/// Puts the whole result on standard output. A reader that has seen enough (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Io { path: PathBuf::from("standard output"), source: error })
        }
        _ => Ok(()),
    }
}
