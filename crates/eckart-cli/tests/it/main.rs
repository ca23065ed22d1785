//! The command, as its users meet it.

mod apply;
mod checkpoint;
mod command;
mod explain;
mod fit;
mod interrupt;
mod memory;
mod models;
mod names;
mod output;
mod refused;
mod report;
mod show;
