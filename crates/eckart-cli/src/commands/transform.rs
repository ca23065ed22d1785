//! Transform: the factors of rows that a model has not seen.
//! In: `TransformArgs`.  Out: files, or CSV or JSON for standard output; the exit code.
//! Invariant: columns are matched by name where both sides have them; what that leaves out or lacks is said.
//! Not here: how the factors are found (see the library's `apply`).

use std::path::{Path, PathBuf};

use eckart::apply::new_rows_in_order;
use eckart::data::{ReadOptions, read_names, write};
use eckart::solve::{numbered_components, save_factors};
use eckart::{Error, Factorization, FoldIn, Matrix, Result, Table, Warning};
use serde_json::{Map, Value, json};

use crate::beside::{AboutFiles, Holds, check_names, put_readings, read_beside, say_readings};
use crate::load::{read_data, rename};
use crate::model::Model;
use crate::options::TransformArgs;
use crate::output::json::warning_object;
use crate::output::{is_whole, of_factor, try_writing};
use crate::paths::Paths;
use crate::{DIVERGED, warn};

/// `eckart transform MODEL NEW ...`
pub(crate) fn transform(args: &TransformArgs, paths: Paths) -> Result<(String, u8)> {
    check_names(&args.reading, &args.matrices, None)?;
    let model = Model::load(&args.model, args.matching.by)?;
    let names = model.fit.factors.iter().map(|(name, _)| name.as_str());
    paths.with_factors(args.output.as_deref(), names).check()?;
    args.output.as_deref().map(try_writing).transpose()?;
    let mut fold_in = FoldIn::new(&model.fit)?;
    let (table, beside, AboutFiles { readings: said, warnings: about, .. }) = read_rows(args, &model, &fold_in)?;
    let (rows, target) = (table.matrix.rows(), model.fit.target.as_str());
    about.iter().for_each(warn);
    let found = new_rows_in_order(&model.fit, &table, &beside, model.matching);
    let found = found.map_err(|error| error.in_file(&args.file))?;
    let (x, mut by_rows) = (&found.matrix, Vec::new());
    for (name, matrix) in &found.beside {
        if fold_in.reads_by_rows(name, matrix, rows) {
            by_rows.push((name.as_str(), matrix));
        } else {
            fold_in = fold_in.data(name, matrix);
        }
    }
    let mut folded = fold_in.transform_with(x, &by_rows).map_err(|error| error.in_file(&args.file))?;
    folded.name_rows(table.row_names.as_deref().unwrap_or_default());
    let exit = if folded.undefined.is_empty() { 0 } else { DIVERGED };
    let found: Vec<Warning> = found.warnings().into_iter().chain(folded.warnings()).collect();
    found.iter().for_each(warn);
    let warnings = [about, found].concat();
    let across = |m: &Matrix| if m.rows() == x.rows() { Ok(m.clone()) } else { m.transposed() };
    let named = |(name, matrix): &(String, Matrix)| {
        let matrix = across(matrix)?;
        let has_components = model.fit.role(name).is_some_and(|role| role.components.is_some());
        let names = match matrix.cols() {
            count if has_components => {
                model.fit.components_of(name).map_or_else(|| numbered_components(count), <[String]>::to_vec)
            }
            1 => vec![name.clone()],
            count => (1..=count).map(|k| format!("{name}{k}")).collect(),
        };
        Ok((name.clone(), Table::named(matrix, table.row_names.clone(), Some(names))))
    };
    let tables: Vec<(String, Table)> = folded.factors.iter().map(named).collect::<Result<_>>()?;
    let written = match &args.output {
        Some(path) => save(path, &model.fit, &folded.factors, &tables, table.row_names.as_ref())?,
        None => Vec::new(),
    };
    if args.json {
        let mut object = json(&tables, &written, &warnings);
        put_readings(&mut object, target, &said);
        return Ok((format!("{object}\n"), exit));
    }
    say_readings(&said);
    if args.output.is_none() {
        write(Path::new("-"), &side_by_side(&tables)?)?;
    }
    Ok((written.iter().map(|path| format!("{}\n", path.display())).collect(), exit))
}

/// Data beside the new rows, by its name.
type Beside = Vec<(String, Table)>;

/// The new rows and the data beside them, with their names.
fn read_rows(args: &TransformArgs, model: &Model, fold_in: &FoldIn) -> Result<(Table, Beside, AboutFiles)> {
    // Of one or two rows nothing but the model tells names from data.
    let are_bare = args.row_names.is_none() && args.col_names.is_none();
    let known_columns = model.fit.col_names.clone().filter(|_| are_bare);
    let options = ReadOptions { known_columns, ..args.reading.options() };
    let table = read_data(&args.file, &args.reading, &options, args.matrices.is_empty())?;
    let names = args.col_names.as_ref().filter(|file| **file != Path::new("-"));
    let width = names.map_or(Ok(model.shape.1), |file| Ok::<usize, Error>(read_names(file)?.len()));
    let mut table = table.widened(width?)?;
    let (rows, cols) = table.matrix.shape();
    let (mut beside, mut about) = (Vec::new(), AboutFiles::default());
    about.take_in(&model.fit.target, &table);
    for (name, file) in &args.matrices {
        fold_in.check_name(name)?;
        let table = read_beside((name, file), Holds::Data, &args.reading, &mut about)?;
        beside.push((name.clone(), table));
    }
    if let Some(file) = &args.row_names {
        rename(&mut table.row_names, (file, "row", rows), &mut about)?;
    }
    if let Some(file) = &args.col_names {
        rename(&mut table.col_names, (file, "column", cols), &mut about)?;
    }
    Ok((table, beside, about))
}

/// The object; the numbers are in it where no file has them.
fn json(tables: &[(String, Table)], written: &[PathBuf], warnings: &[Warning]) -> Value {
    let factor = |(name, table): &(String, Table)| {
        let (rows, cols) = table.matrix.shape();
        let mut object = json!({ "shape": [rows, cols], "col_names": table.col_names });
        if written.is_empty() {
            let row = |i: usize| (0..cols).map(|k| table.matrix.get(i, k)).collect::<Vec<f64>>();
            object["values"] = json!((0..rows).map(row).collect::<Vec<_>>());
        }
        (name.clone(), object)
    };
    json!({
        "factors": tables.iter().map(factor).collect::<Map<String, Value>>(),
        "row_names": tables.first().and_then(|(_, table)| table.row_names.as_ref()),
        "warnings": warnings.iter().map(warning_object).collect::<Vec<Value>>(),
        "output": written.iter().map(|path| path.display().to_string()).collect::<Vec<String>>(),
    })
}

/// All factors in one table.
fn side_by_side(tables: &[(String, Table)]) -> Result<Table> {
    let rows = tables.first().map_or(0, |(_, table)| table.matrix.rows());
    let mut numbers = Vec::new();
    for i in 0..rows {
        for (_, table) in tables {
            numbers.extend((0..table.matrix.cols()).map(|k| table.matrix.get(i, k)));
        }
    }
    // Components of several factors are told apart by their factors.
    let of_factor = |(factor, table): &(String, Table)| {
        let several = tables.iter().filter(|(_, other)| other.col_names == table.col_names).count() > 1;
        let name = |name: String| if several { format!("{factor} {name}") } else { name };
        table.col_names.iter().flatten().cloned().map(name).collect::<Vec<String>>()
    };
    let names: Vec<String> = tables.iter().flat_map(of_factor).collect();
    let dtype = tables.first().map_or(eckart::Dtype::F64, |(_, table)| table.matrix.dtype());
    let matrix = Matrix::dense(rows, names.len(), numbers)?.cast(dtype)?;
    let row_names = tables.first().and_then(|(_, table)| table.row_names.clone());
    Ok(Table::named(matrix, row_names, Some(names)))
}

fn save(
    path: &Path,
    model: &Factorization,
    factors: &[(String, Matrix)],
    tables: &[(String, Table)],
    rows: Option<&Vec<String>>,
) -> Result<Vec<PathBuf>> {
    let mut written: Vec<PathBuf> = Vec::new();
    if is_whole(path) {
        save_factors(path, model, factors, rows.map(Vec::as_slice))?;
        written.push(path.to_owned());
    } else {
        for (name, table) in tables {
            let single = tables.len() == 1;
            let path = if single { path.to_owned() } else { of_factor(path, name) };
            write(&path, table)?;
            written.push(path);
        }
    }
    Ok(written)
}
