//! Init: where the first start of a search begins.
//! In: a name.  Out: `Init`.
//! Invariant: the command, Python and model files have the same names.
//! Not here: the values themselves (see `start`).

use crate::error::{Code, Error, Result};

/// Where the first start of a search begins, unless [`crate::solve::Problem::init_from`] says it; further starts are
/// random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Init {
    /// `Random` for squared errors of free factors, for objectives that weight entries or leave them out, and for
    /// products of more than two factors; else `Nndsvd` for two factors that may not be negative, and `Svd`, also for
    /// one component with a scale, as `d * u @ v` of `d[1,1]`.
    #[default]
    Auto,
    /// Random numbers of the size of the data: |N(0, 1)| sqrt(mean / r) for factors that may not be negative, else
    /// small normal ones.
    Random,
    /// The non-negative parts of a truncated SVD of the data (Boutsidis and Gallopoulos 2008); many zeros.
    Nndsvd,
    /// The same with the data's mean in place of zeros.
    Nndsvda,
    /// The same with random numbers up to a hundredth of the mean in place of zeros.
    Nndsvdar,
    /// A truncated SVD of the data, its singular values shared out evenly: U sqrt(S) and sqrt(S) V.T.
    Svd,
}

impl Init {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Auto, Self::Random, Self::Nndsvd, Self::Nndsvda, Self::Nndsvdar, Self::Svd];

    /// Its name, as the command and Python say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Random => "random",
            Self::Nndsvd => "nndsvd",
            Self::Nndsvda => "nndsvda",
            Self::Nndsvdar => "nndsvdar",
            Self::Svd => "svd",
        }
    }

    /// The one of that name.
    ///
    /// # Errors
    /// `Setting` where there is none, with those there are.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|init| init.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|init| init.name()).collect();
            let message = format!("there is no initialization {name}; there are {}", known.join(", "));
            Error::setting(Code::UnknownInit, message)
        })
    }
}
