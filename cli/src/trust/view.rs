//! A trust file as people and programs see it.

use serde::Serialize;
use uput_core::trust::TrustFile;

use crate::moment;
use crate::output::Page;
use crate::request::hex;

/// What a trust file says.
#[derive(Serialize)]
pub(crate) struct TrustView {
    made_by: String,
    digest: String,
    organisations: Vec<OrganisationView>,
    agreements: Vec<AgreementView>,
    witnesses: u32,
    independent_witnesses: bool,
    nonce: Option<String>,
    earliest: Option<String>,
    #[serde(skip)]
    from: u64,
}

#[derive(Serialize)]
struct OrganisationView {
    name: String,
    organisation: String,
    minimum_key_record: String,
}

#[derive(Serialize)]
struct AgreementView {
    title: String,
    agreement: String,
}

impl TrustView {
    pub(crate) fn of(file: &TrustFile) -> Self {
        let from = file.heads.earliest.map(|time| time.get()).unwrap_or_default();
        Self {
            made_by: file.made_by.clone(),
            digest: file.digest(),
            organisations: file
                .organisations
                .iter()
                .map(|entry| OrganisationView {
                    name: entry.name.clone(),
                    organisation: entry.organisation.to_string(),
                    minimum_key_record: entry.minimum.to_string(),
                })
                .collect(),
            agreements: file
                .agreements
                .iter()
                .map(|entry| AgreementView { title: entry.title.clone(), agreement: entry.agreement.to_string() })
                .collect(),
            witnesses: file.witnesses.number,
            independent_witnesses: file.witnesses.independent,
            nonce: file.heads.nonce.map(|nonce| hex(&nonce)),
            earliest: moment::utc(from),
            from,
        }
    }

    pub(crate) fn describe(&self, page: &mut Page) {
        page.pair("made by", &self.made_by);
        page.pair("digest", &self.digest);
        for entry in &self.organisations {
            page.pair("organisation", format!("{}  {}", entry.organisation, entry.name));
            page.pair("  at least", &entry.minimum_key_record);
        }
        for entry in &self.agreements {
            page.pair("agreement", format!("{}  {}", entry.agreement, entry.title));
        }
        let independent = if self.independent_witnesses { ", none of them a party" } else { "" };
        page.pair("witnesses", format!("{}{independent}", self.witnesses));
        page.pair("heads answer", self.nonce.as_deref().unwrap_or_default());
        page.pair("heads not before", moment::local(self.from));
    }
}
