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
pub const ROWS: [Row; 23] = [
    row!(1, "01-prizren"),
    row!(2, "02-expert-team"),
    row!(3, "03-mobile-intervention-team"),
    row!(4, "04-begging-protocol"),
    row!(5, "05-working-group"),
    row!(6, "06-guardianship"),
    row!(7, "07-cantonal-protocol"),
    row!(8, "08-mobile-team-begging"),
    row!(9, "09-children-on-the-move"),
    row!(10, "10-infodesk"),
    row!(11, "11-day-centres"),
    row!(12, "12-child-discloses"),
    row!(13, "13-crisis-centre"),
    row!(14, "14-shelter-across-borders"),
    row!(15, "15-national-mechanism"),
    row!(16, "16-reception-chain"),
    row!(17, "17-harm-reduction"),
    row!(18, "18-integration-house"),
    row!(19, "19-municipal-services"),
    row!(20, "20-home-help"),
    row!(21, "21-regional-network"),
    row!(22, "22-municipalities-and-shelters"),
    row!(23, "23-network-secretariat"),
];
