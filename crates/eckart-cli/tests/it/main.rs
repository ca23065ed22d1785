//! The command, as its users meet it.

mod aliases;
mod apply;
mod beside;
mod checkpoint;
mod command;
mod explain;
mod files;
mod fit;
mod hostile;
mod interrupt;
mod matching;
mod memory;
mod models;
mod names;
mod output;
mod pages;
mod paths;
mod places;
mod refused;
mod report;
mod show;
