//! Uput.
