//! uput.
fn main() {}
