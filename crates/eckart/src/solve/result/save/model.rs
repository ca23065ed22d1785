//! Model: a factorization as a model file, and back.
//! In: a `Factorization`.  Out: a safetensors file whose header says how the factors were found.
//! Invariant: what is loaded is what was saved; what would be refused when it is read is refused before it is written.
//! Not here: the container (see `data::model_file`), checkpoints (see `checkpoint`); docs/format.md says every key.

use std::collections::BTreeMap;
use std::path::Path;

use super::check::{check_parts, check_starts, objective_unread};
use super::format::{FileKind, check, format_and_kind, no_model, of_kind};
use super::format_1;
use super::header::{self, ModelHeader};
use super::tables::{self, Tables};
use crate::data::{
    Ids, Matrix, Table, Tensor, TensorSource, parse_tensors, read_tensors, tensor_bytes, text_sources, write_tensors,
};
use crate::error::Result;
use crate::expr::text::parse_statement;
use crate::facts::Shape;
use crate::solve::problem::role::roles;
use crate::solve::result::{Factorization, Start};
use crate::solve::search::settings::StopReason;

/// What the names of tensors of standard errors begin with; no factor's name has a slash.
const STD_ERROR: &str = "std_error/";

/// The header's texts, and the starts by number.
type Written<'a> = (BTreeMap<String, String>, Vec<(usize, &'a Start)>);

/// What a file calls the names of a side, the names, and these as they were where they were no texts.
type NamedSide<'a> = (&'static str, Option<&'a Vec<String>>, Option<&'a Ids>);

impl Factorization {
    /// Writes the factors and everything about them to a safetensors file, which docs/format.md describes: each
    /// factor is a tensor of its name, the header's texts say how they were found, names of rows and columns and the
    /// histories of starts are tensors too.
    ///
    /// # Errors
    /// `Data` where the parts don't fit together (names for a row that is not there, no start), so that it could not
    /// be read again; `Io` where the file can't be written. A file that was there before is kept then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let (texts, starts) = self.saved().map_err(|error| error.in_file(path))?;
        write_tensors(path, &texts, self.sources(&starts)?)
    }

    /// Reads a file that [`Factorization::save`] wrote, in this version or an earlier one.
    ///
    /// # Errors
    /// `Io` where the file can't be read; `Data` where it is no model file of Eckart, is damaged, or is of a later
    /// format.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let contents = read_tensors(path, &of_kind(FileKind::Model))?;
        Self::of_tensors(&contents.metadata, contents.tensors).map_err(|error| error.in_file(path))
    }

    /// The bytes of the file that [`Factorization::save`] writes.
    ///
    /// # Errors
    /// `Data`, as there.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let (texts, starts) = self.saved()?;
        tensor_bytes(&texts, self.sources(&starts)?)
    }

    /// The factorization that [`Factorization::to_bytes`] was called on.
    ///
    /// # Errors
    /// `Data` where they are not the bytes of a model file of Eckart.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self> {
        let length = bytes.len();
        let contents = parse_tensors(&mut bytes, length, &of_kind(FileKind::Model))?;
        Self::of_tensors(&contents.metadata, contents.tensors)
    }

    /// What is written, where it can be read again.
    fn saved(&self) -> Result<Written<'_>> {
        self.check()?;
        let mut texts = header::texts(self);
        for (side, names, ids) in self.sides() {
            let name = names.map(|names| typed(names, ids).map_or("text".to_owned(), Ids::type_name));
            texts.extend(name.map(|name| (side.to_owned(), name)));
        }
        Ok((texts, self.starts.iter().enumerate().collect()))
    }

    fn sources<'a>(&'a self, starts: &'a [(usize, &'a Start)]) -> Result<Vec<TensorSource<'a>>> {
        let mut sources = tables::starts(starts);
        for (name, matrix) in &self.factors {
            sources.push(TensorSource::matrix(name, matrix)?);
        }
        for (name, matrix) in &self.std_errors {
            sources.push(TensorSource::matrix(format!("{STD_ERROR}{name}"), matrix)?);
        }
        for (side, names, ids) in self.sides() {
            let Some(names) = names else { continue };
            match typed(names, ids) {
                Some(ids) => sources.extend(ids.sources(side)),
                None => sources.extend(text_sources(side, names)),
            }
        }
        Ok(sources)
    }

    fn sides(&self) -> [NamedSide<'_>; 2] {
        [
            ("row_names", self.row_names.as_ref(), self.row_ids.as_ref()),
            ("col_names", self.col_names.as_ref(), self.col_ids.as_ref()),
        ]
    }

    fn of_tensors(metadata: &BTreeMap<String, String>, mut tensors: BTreeMap<String, Tensor>) -> Result<Self> {
        let mut found = Self::without_factors(metadata, &mut tensors)?;
        for name in factor_names(metadata)? {
            let Some(Tensor::Matrix(matrix)) = tensors.remove(&name) else {
                return Err(no_model(&format!("factor {name}")));
            };
            found.factors.push((name, matrix));
        }
        for (name, _) in &found.factors {
            match tensors.remove(&format!("{STD_ERROR}{name}")) {
                Some(Tensor::Matrix(matrix)) => found.std_errors.push((name.clone(), matrix)),
                Some(_) => return Err(no_model(&format!("standard errors of {name}"))),
                None => {}
            }
        }
        if let Some(name) = tensors.keys().find(|name| name.starts_with(STD_ERROR)) {
            return Err(no_model(&format!("standard errors: {name} is of no factor")));
        }
        found.settle_roles(found.shapes())?;
        found.check()?;
        Ok(found)
    }

    /// All that a file says, its factors left aside.
    ///
    /// # Errors
    /// `Data` where it is no model, is damaged, or is of a later format.
    pub(super) fn without_factors(
        metadata: &BTreeMap<String, String>,
        tensors: &mut BTreeMap<String, Tensor>,
    ) -> Result<Self> {
        let format = check(metadata, FileKind::Model)?;
        let header = ModelHeader(metadata);
        let mut found = header.factorization(format)?;
        if format == 1 {
            found.starts = format_1::starts(&header)?.ok_or_else(|| no_model("starts"))?;
            found.row_names = format_1::names(&header, "row_names")?;
            found.col_names = format_1::names(&header, "col_names")?;
        } else {
            let starts = Tables::of(tensors).starts().ok_or_else(|| no_model("starts"))?;
            if starts.iter().enumerate().any(|(at, (index, _))| *index != at) {
                return Err(no_model("starts"));
            }
            found.starts = starts.into_iter().map(|(_, start)| start).collect();
            (found.row_names, found.row_ids) = named("row_names", metadata, tensors)?;
            (found.col_names, found.col_ids) = named("col_names", metadata, tensors)?;
        }
        check_starts(&found)?;
        if found.n_init == 0 {
            found.n_init = found.starts.len();
            found.successive_halving = found.starts.iter().any(|start| start.stop == StopReason::Dropped);
        }
        Ok(found)
    }

    /// The roles of factors of these shapes, where the file is of format 1 and does not say them.
    ///
    /// # Errors
    /// `Data` where its statement can't be read.
    pub(super) fn settle_roles(&mut self, shapes: Vec<(String, Shape)>) -> Result<()> {
        if self.roles.is_empty() {
            let statement = parse_statement(&self.statement).map_err(|error| objective_unread(&error))?;
            let roles = roles(&statement, &self.params, &self.target, &shapes);
            self.roles = shapes.into_iter().map(|(name, _)| name).zip(roles).collect();
        }
        Ok(())
    }

    /// # Errors
    /// `Data` where the parts don't fit together.
    fn check(&self) -> Result<()> {
        check_parts(self, &self.shapes())
    }

    fn shapes(&self) -> Vec<(String, Shape)> {
        self.factors.iter().map(|(name, matrix)| (name.clone(), Shape::of(matrix))).collect()
    }
}

/// Writes factors of rows that a model has not seen, as [`crate::FoldIn`] finds them, with the names of the rows: a
/// tensor of its name each, in a safetensors file that also says which model they belong to.
///
/// # Errors
/// `Data` where a factor is sparse; `Io` where the file can't be written.
pub fn save_factors(
    path: impl AsRef<Path>,
    model: &Factorization,
    factors: &[(String, Matrix)],
    row_names: Option<&[String]>,
) -> Result<()> {
    let names: Vec<String> = factors.iter().map(|(name, _)| name.clone()).collect();
    let mut texts = header::factors_texts(model, &names);
    let mut sources = Vec::new();
    for (name, matrix) in factors {
        sources.push(TensorSource::matrix(name, matrix)?);
    }
    if let Some(names) = row_names {
        texts.insert("row_names".into(), "text".into());
        sources.extend(text_sources("row_names", names));
    }
    write_tensors(path.as_ref(), &texts, sources)
}

/// The factors in a model, or in a file of factors of new rows, by name: first values, or factors to hold. They have
/// the names of the data's rows and columns, where the file has them.
///
/// # Errors
/// `Io` where the file can't be read; `Data` where it is neither, is damaged, or is of a later format.
pub fn load_factors(path: impl AsRef<Path>) -> Result<Vec<(String, Table)>> {
    let path = path.as_ref();
    let (is_model, is_factors) = (of_kind(FileKind::Model), of_kind(FileKind::Factors));
    let contents = read_tensors(path, &|texts, info| is_model(texts, info) || is_factors(texts, info))?;
    factors_of(&contents.metadata, contents.tensors).map_err(|error| error.in_file(path))
}

fn factors_of(
    metadata: &BTreeMap<String, String>,
    mut tensors: BTreeMap<String, Tensor>,
) -> Result<Vec<(String, Table)>> {
    if format_and_kind(metadata)?.is_none_or(|(_, kind)| kind != FileKind::Factors.name()) {
        let found = Factorization::of_tensors(metadata, tensors)?;
        return Ok(found.factors.iter().filter_map(|(name, _)| Some((name.clone(), found.table(name)?))).collect());
    }
    check(metadata, FileKind::Factors)?;
    let (names, _) = named("row_names", metadata, &mut tensors)?;
    let mut components = ModelHeader(metadata).component_names()?;
    let factor = |(name, tensor): (String, Tensor)| {
        let Tensor::Matrix(matrix) = tensor else { return None };
        let own = components.remove(&name).unwrap_or_default();
        let of = [matrix.rows(), matrix.cols()];
        let [across, upright] = [0, 1].map(|at| own[at].clone().filter(|names| names.len() == of[at]));
        // A factor that lies across has its rows in its columns.
        let fits = |count: usize| names.clone().filter(|names| names.len() == count);
        let row_names = if across.is_none() { fits(of[0]) } else { None };
        let col_names = if row_names.is_none() && upright.is_none() { fits(of[1]) } else { None };
        Some((name, Table::named(matrix, row_names.or(across), col_names.or(upright))))
    };
    Ok(tensors.into_iter().filter_map(factor).collect())
}

/// The names of a model's factors, in their order.
///
/// # Errors
/// `Data` where the header does not say them.
pub(super) fn factor_names(metadata: &BTreeMap<String, String>) -> Result<Vec<String>> {
    ModelHeader(metadata).factors()
}

/// The ids of names, where these are their texts.
fn typed<'a>(names: &[String], ids: Option<&'a Ids>) -> Option<&'a Ids> {
    ids.filter(|ids| ids.texts() == names)
}

/// The names of a side as texts, and as they were where they were no texts.
pub(super) fn named(
    side: &str,
    metadata: &BTreeMap<String, String>,
    tensors: &mut BTreeMap<String, Tensor>,
) -> Result<(Option<Vec<String>>, Option<Ids>)> {
    let Some(type_name) = metadata.get(side) else { return Ok((None, None)) };
    match Ids::take(side, type_name, tensors).ok_or_else(|| no_model(side))? {
        Ids::Text(texts) => Ok((Some(texts), None)),
        ids => Ok((Some(ids.texts()), Some(ids))),
    }
}
