//! Var: a variable of a formula.
//! In: a name.  Out: `Var`.
//! Invariant: two inputs of the same name are the same variable; two shared variables never are.
//! Not here: what is known of its value (see `facts`).

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, RwLock};

use crate::data::Matrix;

/// The value of a shared variable, held by everyone who holds the variable.
type Cell = Arc<RwLock<Matrix>>;

/// A variable: a name, and for a shared one the value it holds. Two inputs of the same name are the same variable; two
/// shared variables never are.
#[derive(Debug, Clone)]
pub struct Var {
    name: Arc<str>,
    role: Role,
}

#[derive(Debug, Clone)]
enum Role {
    Input,
    Scalar,
    Shared { id: u64, cell: Cell },
}

impl Var {
    /// An input of any shape.
    pub fn input(name: &str) -> Self {
        Self { name: name.into(), role: Role::Input }
    }

    /// An input that is one number.
    pub fn scalar(name: &str) -> Self {
        Self { name: name.into(), role: Role::Scalar }
    }

    pub(super) fn shared(name: &str, cell: Cell) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { name: name.into(), role: Role::Shared { id: NEXT.fetch_add(1, Relaxed), cell } }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it must be one number.
    pub fn is_scalar(&self) -> bool {
        matches!(self.role, Role::Scalar)
    }

    /// Whether it holds its own value.
    pub fn is_shared(&self) -> bool {
        self.cell().is_some()
    }

    pub(crate) fn cell(&self) -> Option<&Cell> {
        match &self.role {
            Role::Shared { cell, .. } => Some(cell),
            Role::Input | Role::Scalar => None,
        }
    }

    /// What tells two variables of one name apart.
    fn rank(&self) -> u64 {
        match self.role {
            Role::Input | Role::Scalar => 0,
            Role::Shared { id, .. } => id,
        }
    }
}

impl PartialEq for Var {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Var {}

impl Hash for Var {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, self.rank()).hash(state);
    }
}

impl PartialOrd for Var {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Var {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name).then_with(|| self.rank().cmp(&other.rank()))
    }
}
