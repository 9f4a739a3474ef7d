//! What a verification says: plain data, `uput.access.verify/v1`. [ACL-30]
//!
//! Guarantees one field order, and that no opened words show in `Debug`. An ID is 64 hexadecimal digits, a time is
//! seconds since 1970.

use serde::Serialize;

use crate::verdict::{Check, Exit, Organisation, Shown, TrustShown, YesNo};

/// Name of the schema.
pub const SCHEMA: &str = "uput.access.verify/v1";

/// The verdict on one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What it comes to.
    pub exit: Exit,
    /// Whether nothing is forged, altered or by an unknown signer.
    pub authentic: YesNo,
    /// Whether no access is missing between the first and the last one here.
    pub whole: YesNo,
    /// Whether an earlier document is the beginning of this one; absent without one.
    pub continues: Option<YesNo>,
    /// Whose log it is; absent if the document cannot be read.
    pub organisation: Option<Organisation>,
    /// When it was made, as the organisation says.
    pub time: Option<u64>,
    /// What it was asked with, in hexadecimal digits.
    pub nonce: Option<String>,
    /// Everything that was checked, in the order of the requirements.
    pub checks: Vec<Check>,
    /// By whose trust file.
    pub trust: TrustShown,
    /// The case's own chain, then those of cases that were joined into it.
    pub chains: Vec<ChainShown>,
    /// What it does not prove, and the rest, as sentences, in one order.
    pub words: Vec<String>,
}

/// The accesses to one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainShown {
    /// Tag of the case.
    pub case_tag: String,
    /// How many there are.
    pub count: u64,
    /// In order.
    pub accesses: Vec<Access>,
}

/// One access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Its ID.
    pub access: String,
    /// How many came before.
    pub number: u64,
    /// When, by the organisation's clock.
    pub time: u64,
    /// Which trail; absent: the record of the case itself.
    pub trail: Option<String>,
    /// Who: the pseudonym in this case.
    pub person: String,
    /// For whom a machine asked.
    pub on_behalf_of: Option<String>,
    /// Role, for example `case_worker`.
    pub role: String,
    /// What was given out, for example `values_shown`.
    pub kind: String,
    /// Why, for example `own_work`.
    pub reason: String,
    /// In which place they stood, for example `assigned`.
    pub standing: String,
    /// The words of the reason, if they are opened.
    pub words: Option<Shown>,
}
