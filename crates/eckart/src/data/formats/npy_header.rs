//! Npy header: the Python dictionary at the head of a .npy file.
//! In: the first bytes of the stream.  Out: the type, order and shape of its array.
//! Invariant: nothing of the text is run; a length it gives is not believed before the bytes are there.
//! Not here: the numbers (see `npy`).

use std::io::Read;

use crate::data::Dtype;
use crate::data::source::{empty_file, failed};
use crate::error::{Code, Error, Result};

/// The longest header that is read; NumPy itself refuses more than 10,000 bytes unless told otherwise.
const LONGEST: usize = 1 << 20;
/// NumPy's own limit of dimensions.
const DIMENSIONS: usize = 64;

/// The type of an array's numbers: their class, and the bytes of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) struct NpyType {
    pub(in crate::data) class: NumberClass,
    pub(in crate::data) bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum NumberClass {
    Bool,
    Unsigned,
    Signed,
    Float,
}

impl NpyType {
    /// The type of that code, such as `f4`.
    fn of_code(code: &str) -> Option<Self> {
        let (class, bytes) = match (code, code.split_at_checked(1)?) {
            ("b1" | "?", _) => (NumberClass::Bool, 1),
            ("B", _) => (NumberClass::Unsigned, 1),
            ("b", _) => (NumberClass::Signed, 1),
            (_, ("u", "1" | "2" | "4" | "8")) => (NumberClass::Unsigned, code[1..].parse().ok()?),
            (_, ("i", "1" | "2" | "4" | "8")) => (NumberClass::Signed, code[1..].parse().ok()?),
            (_, ("f", "2" | "4" | "8")) => (NumberClass::Float, code[1..].parse().ok()?),
            _ => return None,
        };
        Some(Self { class, bytes })
    }

    /// The type that holds every such number, as far as there is one.
    pub(in crate::data) fn dtype(self) -> Dtype {
        let narrow = if self.class == NumberClass::Float { 4 } else { 2 };
        if self.bytes <= narrow { Dtype::F32 } else { Dtype::F64 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Header {
    pub(in crate::data) kind: NpyType,
    pub(in crate::data) big_endian: bool,
    pub(in crate::data) fortran_order: bool,
    pub(in crate::data) shape: Vec<usize>,
}

impl Header {
    /// Reads the header; the numbers are next in `input`.
    pub(in crate::data) fn read(input: &mut dyn Read) -> Result<Self> {
        let start = bytes(input, 8)?;
        if start.is_empty() {
            return Err(empty_file());
        }
        if start.len() < 8 || !start.starts_with(b"\x93NUMPY") {
            let message = "this is no .npy file: it does not begin as one";
            return Err(Error::data(Code::BadHeader, message, "Save the array with numpy.save"));
        }
        let length = match start[6] {
            1 => bytes(input, 2)?,
            2 | 3 => bytes(input, 4)?,
            version => {
                let message = format!("version {version} of the .npy format is not known");
                return Err(Error::data(Code::UnsupportedVersion, message, "Save the array with numpy.save"));
            }
        };
        let length = length.iter().rev().fold(0, |sum, &b| sum << 8 | usize::from(b));
        if length > LONGEST {
            let message = format!("the header is {length} bytes long");
            return Err(Error::data(Code::BadHeader, message, "The file is damaged: save it again"));
        }
        let text = bytes(input, length)?;
        if text.len() < length {
            let message = format!("the file ends within its header: {length} bytes are promised, {} found", text.len());
            return Err(Error::data(Code::TruncatedFile, message, "It was cut short: copy or save it again"));
        }
        Self::parse(&text)
    }

    fn parse(text: &[u8]) -> Result<Self> {
        let mut scanner = Scanner { text, at: 0 };
        let fields = scanner.dictionary();
        let Some((Some(descr), Some(fortran_order), Some(shape))) = fields else {
            return Err(Error::data(
                Code::BadHeader,
                format!("the header can't be read: {}", super::text::number::shown(text)),
                "It holds 'descr', 'fortran_order' and 'shape': save the array with numpy.save",
            ));
        };
        if shape.len() > DIMENSIONS {
            let message = format!("the array has {} dimensions", shape.len());
            return Err(Error::data(Code::NotAMatrix, message, "Reshape it to two"));
        }
        let (kind, big_endian) = kind(&descr)?;
        Ok(Self { kind, big_endian, fortran_order, shape })
    }
}

/// The next `count` bytes, or as many as there are.
fn bytes(input: &mut dyn Read, count: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(count as u64).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The type that `descr` names, and whether its bytes are big-endian.
fn kind(descr: &str) -> Result<(NpyType, bool)> {
    let (order, code) = match descr.as_bytes() {
        [b'<' | b'>' | b'|' | b'=', ..] => descr.split_at(1),
        _ => ("=", descr),
    };
    let kind = NpyType::of_code(code).ok_or_else(|| foreign(descr, code))?;
    Ok((kind, order == ">" || (order == "=" && cfg!(target_endian = "big"))))
}

fn foreign(descr: &str, code: &str) -> Error {
    let (what, help) = match code.as_bytes().first() {
        Some(b'O') => ("objects (a pickle, which can run code)", "Save it as numbers: array.astype(float)"),
        Some(b'c') => ("complex numbers", "Save its real and imaginary parts, or its magnitude"),
        Some(b'S' | b'U' | b'a') => ("text", "Save it as numbers: array.astype(float)"),
        Some(b'M' | b'm') => ("dates or time spans", "Save it as numbers: array.astype(float)"),
        Some(b'V' | b'[') => ("records", "Save its fields as the columns of a plain array"),
        Some(b'f') => ("numbers wider than f64", "Save it as float64"),
        _ => ("a type that is not known", "Save it as float64"),
    };
    Error::data(Code::UnsupportedType, format!("the array holds {what}: {descr:?}"), help)
}

/// The three fields of the dictionary, each where it was found.
type Fields = (Option<String>, Option<bool>, Option<Vec<usize>>);

/// Reads the subset of Python literals that a header is written in. `None` is a text outside it.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn dictionary(&mut self) -> Option<Fields> {
        let mut fields = Fields::default();
        self.expect(b'{')?;
        while !self.next_is(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            match key.as_str() {
                "descr" => fields.0 = Some(self.descr()?),
                "fortran_order" => fields.1 = Some(self.boolean()?),
                "shape" => fields.2 = Some(self.tuple()?),
                _ => return None,
            }
            if !self.next_is(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        self.blanks();
        (self.at == self.text.len()).then_some(fields)
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// Whether `byte` comes next; it is passed over if so.
    fn next_is(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.next_is(byte).then_some(())
    }

    fn string(&mut self) -> Option<String> {
        self.blanks();
        let quote = *self.text.get(self.at).filter(|&&b| b == b'\'' || b == b'"')?;
        let start = self.at + 1;
        let len = self.text[start..].iter().position(|&b| b == quote)?;
        self.at = start + len + 1;
        Some(String::from_utf8_lossy(&self.text[start..start + len]).into_owned())
    }

    /// A type: a string, or the list of the fields of a record, which is passed over.
    fn descr(&mut self) -> Option<String> {
        if !self.next_is(b'[') {
            return self.string();
        }
        let mut depth = 1;
        while depth > 0 {
            match self.text.get(self.at)? {
                b'\'' | b'"' => {
                    self.string()?;
                    continue;
                }
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        Some("[...]".to_owned())
    }

    fn boolean(&mut self) -> Option<bool> {
        self.blanks();
        for (word, value) in [("True", true), ("False", false)] {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Some(value);
            }
        }
        None
    }

    fn tuple(&mut self) -> Option<Vec<usize>> {
        let mut sides = Vec::new();
        self.expect(b'(')?;
        while !self.next_is(b')') {
            let start = self.at;
            while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
                self.at += 1;
            }
            sides.push(super::text::number::parse_index(&self.text[start..self.at])?);
            // Python 2 wrote long integers with an L.
            let _ = self.next_is(b'L');
            if !self.next_is(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Some(sides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    #[test]
    fn headers_are_read() {
        let check = |text: &str, code: &str, big: bool, fortran: bool, shape: &[usize]| {
            let kind = NpyType::of_code(code).unwrap();
            let header = Header { kind, big_endian: big, fortran_order: fortran, shape: shape.to_vec() };
            assert_eq!(Header::parse(text.as_bytes()).unwrap(), header);
        };
        check("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n", "f8", false, false, &[3, 4]);
        check("{'descr': '>i2', 'fortran_order': True, 'shape': (3,)}", "i2", true, true, &[3]);
        check("{\"shape\":(2L,1L),'fortran_order':False,'descr':'|b1'}", "b1", false, false, &[2, 1]);
        check("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", "u1", false, false, &[]);
    }

    #[test]
    fn other_headers_are_refused() {
        let refuses = |descr: &str, code: Code, part: &str| {
            let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1, 1)}}");
            check_error(&Header::parse(header.as_bytes()).unwrap_err(), code, part);
        };
        refuses("'|O'", Code::UnsupportedType, "objects");
        refuses("'<c16'", Code::UnsupportedType, "complex");
        refuses("'<U3'", Code::UnsupportedType, "text");
        refuses("'<M8[ns]'", Code::UnsupportedType, "dates");
        refuses("[('a]', '<f8', (2,)), ('b', [('c', '<i4')])]", Code::UnsupportedType, "records");
        refuses("'<f16'", Code::UnsupportedType, "wider than f64");
        refuses("'<q'", Code::UnsupportedType, "not known");
        refuses("f8", Code::BadHeader, "");
        for bad in
            ["", "{", "{}", "{'descr': '<f8'", "[1]", "{'shape': (99999999999999999999999,)}", "{'shape': (-1,)}"]
        {
            assert_eq!(Header::parse(bad.as_bytes()).unwrap_err().code(), Code::BadHeader, "{bad}");
        }
    }
}
