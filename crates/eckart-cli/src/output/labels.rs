//! Labels: what the rows and columns of a factor are called in a table.
//! In: a factor with the names of the data's rows and columns, what it belongs to.  Out: the same with names on both
//! sides.
//! Invariant: the same names for the same components, whatever the factor and the command, so that what is written can
//! be read back and matched by name.
//! Not here: files (see the library's `data`).

use eckart::Table;
use eckart::solve::{FactorAxis, FactorRole, numbered_components};

/// A factor called `name` with numbers for its components where nothing names them, or its own name for that of an
/// offset, where the data's rows or columns have names.
pub(crate) fn labelled(name: &str, table: Table, role: Option<FactorRole>) -> Table {
    let (rows, cols) = table.matrix.shape();
    let is_offset = |count: usize| count == 1 && role.is_some_and(|role| role.components.is_none());
    let own = |axis: FactorAxis, count: usize| match role.and_then(|role| role.components) {
        Some(components_are) if components_are == axis => Some(numbered_components(count)),
        _ => is_offset(count).then(|| vec![name.to_owned()]),
    };
    let Table { matrix, row_names, col_names, .. } = table;
    match (row_names, col_names) {
        (Some(names), None) => Table::named(matrix, Some(names), own(FactorAxis::Columns, cols)),
        (None, Some(names)) => Table::named(matrix, own(FactorAxis::Rows, rows), Some(names)),
        (row_names, col_names) => Table::named(matrix, row_names, col_names),
    }
}
