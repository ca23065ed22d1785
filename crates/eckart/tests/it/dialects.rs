//! The same table in any dialect is the same matrix, or a doubt.

use eckart::data::{Matrix, ReadOptions, Table, read_csv};
use eckart::error::CodeKind;
use proptest::prelude::*;

/// A way to write tables.
#[derive(Clone, Copy, Debug)]
struct Dialect {
    name: &'static str,
    before: &'static str,
    delimiter: &'static str,
    end: &'static str,
    /// What ends every row before its line end, the header too.
    after: &'static str,
    decimal: char,
    missing: &'static str,
    /// Whether texts are in quotation marks.
    quotes: bool,
    /// Whether thousands are grouped, in quotation marks.
    groups: bool,
    /// Whether the header has no cell above the names of rows.
    short: bool,
}

const PLAIN: Dialect = Dialect {
    name: "plain",
    before: "",
    delimiter: ",",
    end: "\n",
    after: "",
    decimal: '.',
    missing: "",
    quotes: false,
    groups: false,
    short: false,
};

const DIALECTS: [Dialect; 12] = [
    PLAIN,
    Dialect { name: "spreadsheet", before: "\u{feff}", delimiter: ";", end: "\r\n", decimal: ',', ..PLAIN },
    Dialect { name: "tabs", delimiter: "\t", missing: "NaN", ..PLAIN },
    Dialect { name: "savetxt", delimiter: " ", missing: "nan", ..PLAIN },
    Dialect { name: "aligned", delimiter: "   ", after: "  ", missing: "n.a.", quotes: true, ..PLAIN },
    Dialect { name: "bars", delimiter: "|", missing: "None", ..PLAIN },
    Dialect { name: "colons", delimiter: "::", missing: "NULL", ..PLAIN },
    Dialect { name: "sep line", before: "sep=;\n", delimiter: ";", ..PLAIN },
    Dialect { name: "comments", before: "# by hand\n#\n# in 2021, or so\n", ..PLAIN },
    Dialect { name: "empty columns", after: ",,,", missing: "#N/A", ..PLAIN },
    Dialect { name: "write.table", delimiter: " ", missing: "NA", quotes: true, short: true, ..PLAIN },
    Dialect { name: "thousands", groups: true, ..PLAIN },
];

impl Dialect {
    fn text(&self, text: &str) -> String {
        if self.quotes { format!("\"{text}\"") } else { text.to_owned() }
    }

    fn number(&self, value: f64) -> String {
        let shown = value.to_string();
        if value.is_nan() {
            return self.missing.to_owned();
        }
        let (whole, rest) = shown
            .split_once('.')
            .map_or((shown.as_str(), String::new()), |(whole, rest)| (whole, format!("{}{rest}", self.decimal)));
        if !self.groups || whole.trim_start_matches('-').len() <= 3 {
            return format!("{whole}{rest}");
        }
        let cut = whole.len() - 3;
        format!("\"{},{}{rest}\"", &whole[..cut], &whole[cut..])
    }

    /// The table as text.
    fn write(&self, table: &Table) -> String {
        let (rows, cols) = table.matrix.shape();
        let mut text = self.before.to_owned();
        let mut line = |cells: Vec<String>| text.push_str(&(cells.join(self.delimiter) + self.after + self.end));
        if let Some(names) = &table.col_names {
            let corner = table.row_names.is_some() && !self.short;
            let corner = corner.then(|| self.text("name"));
            line(corner.into_iter().chain(names.iter().map(|name| self.text(name))).collect());
        }
        for i in 0..rows {
            let name = table.row_names.iter().map(|names| self.text(&names[i]));
            line(name.chain((0..cols).map(|j| self.number(table.matrix.get(i, j)))).collect());
        }
        if !self.after.is_empty() && self.delimiter == "," {
            line(vec![String::new(); cols]);
        }
        text
    }
}

/// Checks that a table comes back from every dialect, or that it is asked what is meant.
fn comes_back(table: &Table) -> Result<(), TestCaseError> {
    let bits = |matrix: &Matrix| matrix.to_dense_f64().iter().map(|value| value.to_bits()).collect::<Vec<u64>>();
    for dialect in DIALECTS {
        let text = dialect.write(table);
        match read_csv(text.as_bytes(), &ReadOptions::default()) {
            Ok(found) => {
                prop_assert_eq!(found.matrix.shape(), table.matrix.shape(), "{}:\n{}", dialect.name, text);
                prop_assert_eq!(bits(&found.matrix), bits(&table.matrix), "{}:\n{}", dialect.name, text);
                let names = (&found.row_names, &found.col_names);
                prop_assert_eq!(names, (&table.row_names, &table.col_names), "{}:\n{}", dialect.name, text);
            }
            Err(error) => {
                let kind = error.code().kind();
                prop_assert_eq!(kind, CodeKind::Doubt, "{}: {}:\n{}", dialect.name, error, text);
            }
        }
    }
    Ok(())
}

/// A number such as files hold: whole, of some decimals, now and then missing.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-3000i32..3000).prop_map(f64::from),
        4 => (-99_999i32..99_999).prop_map(|k| f64::from(k) / 1000.0),
        1 => Just(f64::NAN),
    ]
}

/// Headers of lists of entries.
const HEADERS: [&str; 3] = ["user,item,rating", "rating,userId,movie_id", "timestamp,rating,item,user"];

proptest! {
    #[test]
    fn tables_come_back_from_any_dialect(
        (rows, cols) in (2usize..6, 2usize..6),
        numbers in prop::collection::vec(number(), 25),
        names in prop::collection::vec("[a-z]{3,5}", 10),
        (rows_named, cols_named) in any::<(bool, bool)>(),
    ) {
        let mut values: Vec<f64> = numbers[..rows * cols].to_vec();
        // Rows and columns of nothing but missing entries have no text of their own in some dialects.
        (0..rows).for_each(|i| values[i * cols + i % cols] = 0.25 + i as f64);
        (0..cols).for_each(|j| values[(j % rows) * cols + j] = 1.5 - j as f64);
        // Whole numbers in order, in a first column or row, may be names.
        values[0] = -0.125;
        values[(rows - 1) * cols] = 0.375;
        let named = |on: bool, from: usize, count: usize| {
            let name = |k: usize| format!("{}{k}", names[from + k]);
            on.then(|| (0..count).map(name).collect::<Vec<String>>())
        };
        let (row_names, col_names) = (named(rows_named, 0, rows), named(cols_named, 5, cols));
        comes_back(&Table::named(Matrix::dense(rows, cols, values).unwrap(), row_names, col_names))?;
    }

    #[test]
    fn lists_come_back_from_any_dialect(
        entries in prop::collection::btree_map((0u32..6, 0u32..6), 1i32..5000, 1..12),
        header in prop::sample::select(HEADERS.to_vec()),
    ) {
        let whole = ReadOptions::default();
        let mut expected = None;
        for dialect in DIALECTS {
            let columns: Vec<&str> = header.split(',').collect();
            let mut text = dialect.before.to_owned();
            let names: Vec<String> = columns.iter().map(|name| dialect.text(name)).collect();
            text.push_str(&(names.join(dialect.delimiter) + dialect.after + dialect.end));
            for ((row, col), value) in &entries {
                let cell = |name: &&str| match *name {
                    "user" | "userId" => dialect.text(&format!("u{row}")),
                    "item" | "movie_id" => dialect.text(&format!("m{col}")),
                    "rating" => dialect.number(f64::from(*value) / 8.0),
                    _ => "978300760".to_owned(),
                };
                let cells: Vec<String> = columns.iter().map(cell).collect();
                text.push_str(&(cells.join(dialect.delimiter) + dialect.after + dialect.end));
            }
            let found = match read_csv(text.as_bytes(), &whole) {
                Ok(found) => found,
                Err(error) => {
                    prop_assert_eq!(error.code().kind(), CodeKind::Doubt, "{}: {}:\n{}", dialect.name, error, text);
                    continue;
                }
            };
            let numbers: Vec<u64> = found.matrix.to_dense_f64().iter().map(|value| value.to_bits()).collect();
            let found = (numbers, found.matrix.stored(), found.row_names, found.col_names);
            prop_assert_eq!(found.1, entries.len(), "{}:\n{}", dialect.name, text);
            prop_assert_eq!(expected.get_or_insert_with(|| found.clone()), &found, "{}:\n{}", dialect.name, text);
        }
    }
}
