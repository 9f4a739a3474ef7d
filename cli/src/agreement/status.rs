//! Who has signed an agreement, and whether it is in force.

use serde::Serialize;
use uput_core::wire;

use crate::output::Page;
use crate::request::hex;

/// How an agreement stands at this node.
#[derive(Serialize)]
pub(crate) struct Standing {
    agreement: String,
    title: String,
    version: u32,
    signed: Vec<String>,
    missing: Vec<String>,
    in_force: bool,
    replaced_by: Option<String>,
    suspended: Vec<String>,
}

impl Standing {
    pub(crate) fn of(status: wire::AgreementStatus) -> Self {
        Self {
            agreement: hex(&status.agreement),
            title: status.title,
            version: status.version,
            signed: status.signed.iter().map(|id| hex(id)).collect(),
            missing: status.missing.iter().map(|id| hex(id)).collect(),
            in_force: status.in_force,
            replaced_by: Some(hex(&status.replaced_by)).filter(|id| !id.is_empty()),
            suspended: status.suspended.iter().map(|id| hex(id)).collect(),
        }
    }

    pub(crate) fn row(&self) -> [String; 6] {
        [
            self.agreement.get(..16).unwrap_or(&self.agreement).to_owned(),
            self.title.clone(),
            self.version.to_string(),
            self.signed.len().to_string(),
            self.missing.len().to_string(),
            if self.in_force { "yes" } else { "no" }.to_owned(),
        ]
    }

    pub(crate) fn describe(&self, page: &mut Page) {
        page.pair("agreement", &self.agreement);
        page.pair("title", &self.title);
        page.pair("version", self.version.to_string());
        self.signed.iter().for_each(|organisation| page.pair("signed by", organisation));
        self.missing.iter().for_each(|organisation| page.pair("not signed by", organisation));
        self.suspended.iter().for_each(|organisation| page.pair("suspended", organisation));
        page.pair("replaced by", self.replaced_by.as_deref().unwrap_or_default());
        page.pair("in force", if self.in_force { "yes" } else { "no" });
    }
}
