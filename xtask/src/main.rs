//! Maintenance commands.

fn main() {}
