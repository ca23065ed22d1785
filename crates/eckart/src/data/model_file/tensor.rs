//! Tensor: named arrays as a model file holds them.
//! In: matrices, lists of numbers, texts.  Out: what the header says of them, and their bytes, a piece at a time.
//! Invariant: what is written is as long as its shape and type say; numbers are little-endian and keep their bits.
//! Not here: where they stand in a file (see `header`).

use std::io::{self, Write};

use crate::data::{Dtype, Matrix, Storage};
use crate::error::{Code, Error, Result};

/// How many bytes are made ready before they are handed on.
const BLOCK: usize = 1 << 13;

/// The type of a tensor's elements, as safetensors names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementType {
    /// 64-bit floats.
    F64,
    /// Whole numbers of 64 bits with a sign.
    I64,
    /// Whole numbers of 64 bits without a sign.
    U64,
    /// 32-bit floats.
    F32,
    /// Bytes.
    U8,
    /// A type that Eckart lists but does not read, such as `BF16`.
    Other(String),
}

impl ElementType {
    /// The types that Eckart reads and writes, in the order in which a file holds them: the widest first, so that all
    /// stand at multiples of their size.
    pub(super) const KNOWN: [Self; 5] = [Self::F64, Self::I64, Self::U64, Self::F32, Self::U8];

    /// Its name in a header.
    pub fn name(&self) -> &str {
        match self {
            Self::F64 => "F64",
            Self::I64 => "I64",
            Self::U64 => "U64",
            Self::F32 => "F32",
            Self::U8 => "U8",
            Self::Other(name) => name,
        }
    }

    pub(super) fn from_name(name: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|known| known.name() == name);
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// Bytes of one element; `None` for a type that is not read.
    pub(super) fn bytes(&self) -> Option<usize> {
        match self {
            Self::F64 | Self::I64 | Self::U64 => Some(8),
            Self::F32 => Some(4),
            Self::U8 => Some(1),
            Self::Other(_) => None,
        }
    }
}

impl From<Dtype> for ElementType {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
        }
    }
}

/// A tensor of a model file: a matrix, or a list of numbers (one axis).
#[derive(Debug, Clone)]
pub enum Tensor {
    /// A dense n x m matrix of f32 or f64. `NaN` is allowed in it, infinity is not.
    Matrix(Matrix),
    /// 64-bit floats, of any value.
    F64(Vec<f64>),
    /// Whole numbers.
    I64(Vec<i64>),
    /// Whole numbers that are not negative.
    U64(Vec<u64>),
    /// 32-bit floats, of any value.
    F32(Vec<f32>),
    /// Bytes.
    U8(Vec<u8>),
}

impl From<Matrix> for Tensor {
    fn from(matrix: Matrix) -> Self {
        Self::Matrix(matrix)
    }
}

pub(crate) trait Element: Copy {
    const TYPE: ElementType;
    /// Appends its bytes.
    fn put(self, out: &mut Vec<u8>);
    /// Appends the elements in some bytes, whose number is a multiple of an element's.
    fn take(bytes: &[u8], out: &mut Vec<Self>);
}

macro_rules! element {
    ($number:ty, $variant:ident) => {
        impl Element for $number {
            const TYPE: ElementType = ElementType::$variant;

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &[u8], out: &mut Vec<Self>) {
                let (elements, _) = bytes.as_chunks::<{ size_of::<$number>() }>();
                out.extend(elements.iter().map(|&element| <$number>::from_le_bytes(element)));
            }
        }
    };
}

element!(f64, F64);
element!(i64, I64);
element!(u64, U64);
element!(f32, F32);
element!(u8, U8);

/// What writes the bytes of a tensor, as often as it is asked.
pub(super) type WriteBytes<'a> = Box<dyn Fn(&mut dyn Write) -> io::Result<()> + 'a>;

/// A tensor that is to be written: its bytes are made while they are written, so that nothing is held twice.
pub(crate) struct TensorSource<'a> {
    /// Its name.
    pub name: String,
    pub(super) element: ElementType,
    pub(super) shape: Vec<usize>,
    pub(super) write: WriteBytes<'a>,
}

impl<'a> TensorSource<'a> {
    /// `count` numbers in a row; `numbers` gives them anew whenever it is asked.
    pub(crate) fn list<T: Element, I: IntoIterator<Item = T>>(
        name: impl Into<String>,
        count: usize,
        numbers: impl Fn() -> I + 'a,
    ) -> Self {
        Self::shaped(name.into(), vec![count], numbers)
    }

    /// Where the list of each begins, of so many numbers or bytes, and where the last one ends: tensor `name.offsets`.
    pub(crate) fn offsets<X>(name: &str, all: &'a [X], length: impl Fn(&X) -> usize + Copy + 'a) -> Self {
        let ends = move || {
            all.iter().scan(0_u64, move |end, one| {
                *end += length(one) as u64;
                Some(*end)
            })
        };
        Self::list(format!("{name}.offsets"), all.len() + 1, move || std::iter::once(0).chain(ends()))
    }

    /// Texts one after the other, `bytes` long together.
    pub(crate) fn texts(name: impl Into<String>, bytes: usize, texts: &'a [String]) -> Self {
        let write = move |out: &mut dyn Write| texts.iter().try_for_each(|text| out.write_all(text.as_bytes()));
        Self { name: name.into(), element: ElementType::U8, shape: vec![bytes], write: Box::new(write) }
    }

    /// A matrix.
    ///
    /// # Errors
    /// `Data` where it is sparse.
    pub(crate) fn matrix(name: impl Into<String>, matrix: &'a Matrix) -> Result<Self> {
        let (name, shape) = (name.into(), vec![matrix.rows(), matrix.cols()]);
        match matrix.storage() {
            Storage::DenseF32(numbers) => Ok(Self::shaped(name, shape, || numbers.iter().copied())),
            Storage::DenseF64(numbers) => Ok(Self::shaped(name, shape, || numbers.iter().copied())),
            Storage::SparseF32(_) | Storage::SparseF64(_) => Err(Error::data(
                Code::SparseNotWritten,
                format!("{name} is sparse"),
                "A model file holds dense matrices",
            )),
        }
    }

    pub(super) fn of(name: &str, tensor: &'a Tensor) -> Result<Self> {
        Ok(match tensor {
            Tensor::Matrix(matrix) => Self::matrix(name, matrix)?,
            Tensor::F64(list) => Self::list(name, list.len(), || list.iter().copied()),
            Tensor::I64(list) => Self::list(name, list.len(), || list.iter().copied()),
            Tensor::U64(list) => Self::list(name, list.len(), || list.iter().copied()),
            Tensor::F32(list) => Self::list(name, list.len(), || list.iter().copied()),
            Tensor::U8(list) => Self::list(name, list.len(), || list.iter().copied()),
        })
    }

    fn shaped<T: Element, I: IntoIterator<Item = T>>(
        name: String,
        shape: Vec<usize>,
        numbers: impl Fn() -> I + 'a,
    ) -> Self {
        let write = move |out: &mut dyn Write| {
            let mut block = Vec::with_capacity(BLOCK + 8);
            for number in numbers() {
                number.put(&mut block);
                if block.len() >= BLOCK {
                    out.write_all(&block)?;
                    block.clear();
                }
            }
            out.write_all(&block)
        };
        Self { name, element: T::TYPE, shape, write: Box::new(write) }
    }

    pub(super) fn bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * self.element.bytes().unwrap_or(0)
    }
}
