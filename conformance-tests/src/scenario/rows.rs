//! The list of mechanisms: for each its agreement and its scenario.

/// A mechanism.
#[derive(Clone, Copy)]
pub struct Row {
    /// Number in the field's list.
    pub number: u32,
    /// Name of both its files, without their ending.
    pub name: &'static str,
    /// The scenario's file.
    pub script: &'static str,
    /// The agreement's file.
    pub agreement: &'static str,
}

macro_rules! row {
    ($number:literal, $name:literal) => {
        Row {
            number: $number,
            name: $name,
            script: include_str!(concat!("../../scenarios/", $name, ".toml")),
            agreement: include_str!(concat!("../../../specs/agreements/", $name, ".toml")),
        }
    };
}

/// All of them.
pub const ROWS: [Row; 8] = [
    row!(4, "04-begging-protocol"),
    row!(9, "09-children-on-the-move"),
    row!(14, "14-shelter-across-borders"),
    row!(16, "16-reception-chain"),
    row!(17, "17-harm-reduction"),
    row!(19, "19-municipal-services"),
    row!(20, "20-home-help"),
    row!(22, "22-municipalities-and-shelters"),
];
