//! Save: a factorization as a model file, and back.
//! In: a `Factorization` and names of rows and columns.  Out: a safetensors file whose header says everything.
//! Law: what is loaded is what was saved; the file holds numbers and text, nothing that runs.
//! Not here: the format (see `data::model_file`).
