//! The `eckart` command.
fn main() {}
