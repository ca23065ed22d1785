//! Files: how the files of a search are read again.
//! In: what a `Report` was told of them.  Out: options of the command, statements of a program.
//! Invariant: an option that was not given is not written; each text is a quoted word or a literal (see `shell`).
//! Not here: what else the command and the program say (see `sections::again`).

use super::shell::{command_line, literal};
use crate::data::{Decimal, Duplicates, ReadOptions};

/// A file, and how it is read.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub path: String,
    pub options: ReadOptions,
}

impl File {
    /// A file of this name, read by what it shows.
    pub(super) fn named(path: &str) -> Self {
        Self { path: path.to_owned(), options: ReadOptions::default() }
    }

    /// The options of the command, empty where there are none.
    pub(super) fn command_options(&self) -> String {
        let ReadOptions { format, dtype, triplets, duplicates, header, row_names, delimiter, .. } = &self.options;
        let ReadOptions { decimal, comment, na_values, columns, .. } = &self.options;
        let layout = triplets.filter(|_| columns.is_none()).map(|list| if list { "coo" } else { "table" }.to_owned());
        let flag = |value: &Option<bool>| value.map(|value| value.to_string());
        let listed = |values: &Option<Vec<String>>| values.as_ref().map(|values| values.join(","));
        let rule = match duplicates {
            Duplicates::Error => None,
            other => Some(format!("{other:?}").to_lowercase()),
        };
        let options = [
            ("--format", layout.or(format.map(|format| format!("{format:?}").to_lowercase()))),
            ("--dtype", dtype.map(|dtype| dtype.to_string())),
            ("--columns", listed(columns)),
            ("--duplicates", rule),
            ("--header", flag(header)),
            ("--index-col", flag(row_names)),
            ("--delimiter", delimiter.as_ref().map(|delimiter| delimiter.name())),
            ("--decimal", decimal.map(|mark| if mark == Decimal::Point { "." } else { "," }.to_owned())),
            ("--comment", comment.clone()),
            ("--na-values", listed(na_values)),
        ];
        command_line(options.into_iter().filter_map(|(option, value)| Some(format!("{option}={}", value?))))
    }

    /// A statement that reads it, the value of the matrix `name`, to a variable.
    pub(super) fn statement(&self, variable: &str, name: &str) -> String {
        let (path, name) = (literal(&self.path), literal(name));
        if self.path.ends_with(".safetensors") {
            return format!(
                "    let factors = eckart::solve::load_factors({path})?;\n    \
                 let {variable} = factors.into_iter().find(|(name, _)| name == {name}).unwrap().1;\n"
            );
        }
        format!("    let {variable} = data::read({path}, &{})?;\n", self.options_of_program())
    }

    fn options_of_program(&self) -> String {
        let ReadOptions { format, dtype, triplets, duplicates, header, row_names, delimiter, .. } = &self.options;
        let ReadOptions { decimal, comment, na_values, columns, .. } = &self.options;
        let flag = |value: &Option<bool>| value.map(|value| format!("Some({value})"));
        let listed = |values: &Option<Vec<String>>| {
            let texts = values.as_ref()?.iter().map(|value| format!("{}.into()", literal(value)));
            Some(format!("Some(vec![{}])", texts.collect::<Vec<_>>().join(", ")))
        };
        let fields = [
            ("format", format.map(|format| format!("Some(data::Format::{format:?})"))),
            ("dtype", dtype.map(|dtype| format!("Some(eckart::Dtype::{dtype:?})"))),
            ("triplets", flag(triplets)),
            (
                "duplicates",
                Some(format!("data::Duplicates::{duplicates:?}")).filter(|_| *duplicates != Duplicates::Error),
            ),
            ("header", flag(header)),
            ("row_names", flag(row_names)),
            (
                "delimiter",
                delimiter
                    .as_ref()
                    .map(|known| format!("Some(data::Delimiter::from_name({})?)", literal(&known.name()))),
            ),
            ("decimal", decimal.map(|decimal| format!("Some(data::Decimal::{decimal:?})"))),
            ("comment", comment.as_ref().map(|comment| format!("Some({}.into())", literal(comment)))),
            ("na_values", listed(na_values)),
            ("columns", listed(columns)),
        ];
        let given: Vec<String> =
            fields.into_iter().filter_map(|(field, value)| Some(format!("        {field}: {},\n", value?))).collect();
        match given.is_empty() {
            true => "data::ReadOptions::default()".to_owned(),
            false => format!("data::ReadOptions {{\n{}        ..Default::default()\n    }}", given.concat()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Delimiter, Dtype, Format};

    #[test]
    fn options_are_written_as_the_command_and_a_program_take_them() {
        assert_eq!(File::named("x.csv").command_options(), "");
        assert_eq!(
            File::named("x.csv").statement("x", "X"),
            "    let x = data::read(\"x.csv\", &data::ReadOptions::default())?;\n"
        );
        let options = ReadOptions {
            format: Some(Format::Csv),
            dtype: Some(Dtype::F64),
            header: Some(false),
            delimiter: Some(Delimiter::Byte(b'\t')),
            decimal: Some(Decimal::Comma),
            na_values: Some(vec!["-".into(), "n d".into()]),
            ..ReadOptions::default()
        };
        let file = File { path: "x".into(), options };
        let words = "--format=csv --dtype=f64 --header=false --delimiter=tab '--decimal=,' '--na-values=-,n d'";
        assert_eq!(
            file.command_options().replace("'--decimal=,'", "--decimal=,"),
            words.replace("'--decimal=,'", "--decimal=,")
        );
        let said = file.statement("x", "X");
        for part in [
            "format: Some(data::Format::Csv),",
            "dtype: Some(eckart::Dtype::F64),",
            "header: Some(false),",
            "delimiter: Some(data::Delimiter::from_name(\"tab\")?),",
            "na_values: Some(vec![\"-\".into(), \"n d\".into()]),",
        ] {
            assert!(said.contains(part), "{said}");
        }
        let list =
            ReadOptions { triplets: Some(true), columns: Some(vec!["u".into(), "i".into()]), ..Default::default() };
        assert_eq!(File { path: "x".into(), options: list }.command_options(), "--columns=u,i");
    }
}
