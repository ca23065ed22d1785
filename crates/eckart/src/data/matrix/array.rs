//! Array: numbers that many may hold, ours or another owner's.
//! In: a vector, or an owner elsewhere that lends its numbers.  Out: a slice; cheap to clone.
//! Invariant: numbers of another owner are read where they lie and never written; they don't change while they are
//! lent.
//! Not here: what the numbers mean (see `matrix`, `sparse`).

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Numbers that many may hold. Cloning shares them.
pub struct Array<T>(Owner<T>);

enum Owner<T> {
    Own(Arc<Vec<T>>),
    Lent(Arc<dyn AsRef<[T]> + Send + Sync>),
}

impl<T> Array<T> {
    /// Numbers that `owner` keeps, such as those of an array of another language: they are not copied, and the owner is
    /// kept as long as anyone holds them. It must give the same slice with the same numbers whenever it is asked: a
    /// matrix is checked once, when it is made.
    pub fn lent(owner: Arc<dyn AsRef<[T]> + Send + Sync>) -> Self {
        Self(Owner::Lent(owner))
    }

    /// Whether both are the same numbers in the same place.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Owner::Own(a), Owner::Own(b)) => Arc::ptr_eq(a, b),
            (Owner::Lent(a), Owner::Lent(b)) => Arc::ptr_eq(a, b),
            (Owner::Own(_), Owner::Lent(_)) | (Owner::Lent(_), Owner::Own(_)) => false,
        }
    }

    /// The vector, to be changed, where it is ours and nobody else holds it.
    pub(crate) fn own_mut(&mut self) -> Option<&mut Vec<T>> {
        match &mut self.0 {
            Owner::Own(own) => Arc::get_mut(own),
            Owner::Lent(_) => None,
        }
    }

    /// The vector, where it is ours and nobody else holds it.
    ///
    /// # Errors
    /// The array itself, where it can't be had.
    pub fn into_own(self) -> Result<Vec<T>, Self> {
        match self.0 {
            Owner::Own(own) => Arc::try_unwrap(own).map_err(|own| Self(Owner::Own(own))),
            Owner::Lent(_) => Err(self),
        }
    }
}

impl<T> Clone for Array<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Owner::Own(own) => Owner::Own(own.clone()),
            Owner::Lent(owner) => Owner::Lent(owner.clone()),
        })
    }
}

impl<T> Deref for Array<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match &self.0 {
            Owner::Own(own) => own,
            Owner::Lent(owner) => (**owner).as_ref(),
        }
    }
}

impl<T> From<Vec<T>> for Array<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self(Owner::Own(Arc::new(numbers)))
    }
}

impl<T> From<Arc<Vec<T>>> for Array<T> {
    fn from(numbers: Arc<Vec<T>>) -> Self {
        Self(Owner::Own(numbers))
    }
}

impl<T: fmt::Debug> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Matrix, Pattern};

    #[test]
    fn what_is_lent_is_read_where_it_lies() {
        let owner = Arc::new(vec![1.0, 2.0, 3.0, 4.0]);
        let place = owner.as_ptr();
        let array = Array::lent(owner.clone());
        assert!(array.is_same(&array.clone()) && !array.is_same(&Array::from(owner)));
        let x = Matrix::of_array(2, 2, array.clone()).unwrap();
        let crate::data::Storage::DenseF64(held) = x.storage() else { panic!("it is dense") };
        assert_eq!((held.as_ptr(), x.get(1, 0)), (place, 3.0));
        let pattern = Pattern::of_array(2, 9, vec![0, 1, 2], Array::lent(Arc::new(vec![7_u32, 0]))).unwrap();
        let y = Matrix::on_pattern(Arc::new(pattern), Array::lent(Arc::new(vec![5.0_f32, 6.0]))).unwrap();
        assert_eq!((y.get(0, 7), y.get(1, 0), y.get(1, 1)), (5.0, 6.0, 0.0));
    }

    #[test]
    fn what_is_lent_or_shared_is_nobodys_own() {
        assert_eq!(Array::from(vec![1, 2]).into_own().unwrap(), [1, 2]);
        let shared = Array::from(vec![1, 2]);
        let other = shared.clone();
        assert!(shared.into_own().is_err());
        assert_eq!(*other, [1, 2]);
        let mut lent = Array::lent(Arc::new(vec![1]));
        assert!(lent.own_mut().is_none() && lent.into_own().is_err());
        let mut own = Array::from(vec![1]);
        own.own_mut().unwrap()[0] = 2;
        assert_eq!(*own, [2]);
    }
}
