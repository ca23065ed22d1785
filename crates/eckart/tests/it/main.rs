//! Integration tests: what the library promises, through its public interface alone.

mod apply;
mod begin;
mod cases;
mod checkpoint;
mod codes;
mod contract;
mod definition;
mod dialects;
mod ends;
mod errors;
mod format;
mod function;
mod golden;
mod grad;
mod large;
mod narrow;
mod random;
mod read;
mod real;
mod refused;
mod report;
mod row_source;
mod run;
mod shaped;
mod solve;
mod starts;
