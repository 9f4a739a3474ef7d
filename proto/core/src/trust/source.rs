//! The text of a trust file. [BUN-61]

use serde::{Deserialize, Serialize};
use toml::{Spanned, value::Datetime};

use super::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand, moment};
use crate::{
    catalogue::is_line,
    id::{AgreementId, EventId, KeyRecordId, OrgId, hex},
    rejection::Rejection,
};

/// The first line that every trust file has.
const FORMAT: &str = "uput trust file 1";
/// Longest name, title or provenance, in characters.
const MAX_TEXT: usize = 200;
/// Most organisations, and most agreements.
const MAX_ENTRIES: usize = 4096;

/// Text that is not a trust file: the line, and the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct BadTrustFile {
    /// From 1.
    pub line: usize,
    /// In words; never text of the file.
    pub rule: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Source {
    format: Spanned<String>,
    made_by: Spanned<String>,
    #[serde(default)]
    witnesses: Witnesses,
    #[serde(default, skip_serializing_if = "Heads::is_empty")]
    heads: Heads,
    organisation: Vec<Organisation>,
    agreement: Vec<Agreement>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Witnesses {
    number: u32,
    independent: bool,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Heads {
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<Spanned<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest: Option<Spanned<Datetime>>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Organisation {
    name: Spanned<String>,
    id: Spanned<String>,
    minimum_key_record: Spanned<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Agreement {
    title: Spanned<String>,
    id: Spanned<String>,
}

impl Heads {
    const fn is_empty(&self) -> bool {
        self.nonce.is_none() && self.earliest.is_none()
    }
}

impl TrustFile {
    /// Reads the text of a trust file.
    ///
    /// # Errors
    /// [`BadTrustFile`] with the line. To a machine it is [`Rejection::BadSource`].
    pub fn parse(text: &str) -> Result<Self, BadTrustFile> {
        let source: Source = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            // Of a message of the parser only the first line is a rule; the rest quotes the file.
            bad(text, at, error.message().lines().next().unwrap_or("this is not TOML"))
        })?;
        let read = Reader { text };
        if source.format.get_ref() != FORMAT {
            return Err(read.bad(&source.format, "the format is not \"uput trust file 1\""));
        }
        if source.organisation.len() > MAX_ENTRIES || source.agreement.len() > MAX_ENTRIES {
            return Err(bad(text, 0, "more than 4096 organisations or agreements"));
        }
        Ok(Self {
            made_by: read.words(&source.made_by)?,
            witnesses: WitnessDemand { number: source.witnesses.number, independent: source.witnesses.independent },
            heads: read.heads(&source.heads)?,
            organisations: read.organisations(&source.organisation)?,
            agreements: read.agreements(&source.agreement)?,
        })
    }

    /// Its text; reads back to the same.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let plain = |text: &str| Spanned::new(0..0, text.to_owned());
        let organisation = |entry: &TrustedOrganisation| Organisation {
            name: plain(&entry.name),
            id: plain(&entry.organisation.to_string()),
            minimum_key_record: plain(&entry.minimum.to_string()),
        };
        let agreement = |entry: &TrustedAgreement| Agreement {
            title: plain(&entry.title),
            id: plain(&entry.agreement.to_string()),
        };
        let source = Source {
            format: plain(FORMAT),
            made_by: plain(&self.made_by),
            witnesses: Witnesses { number: self.witnesses.number, independent: self.witnesses.independent },
            heads: Heads {
                nonce: self.heads.nonce.map(|nonce| plain(&hex(&nonce))),
                earliest: self.heads.earliest.map(|time| Spanned::new(0..0, moment::write(time))),
            },
            organisation: self.organisations.iter().map(organisation).collect(),
            agreement: self.agreements.iter().map(agreement).collect(),
        };
        // Cannot fail: every key is a name and every value has a form in TOML.
        toml::to_string(&source).unwrap_or_default()
    }
}

/// Turns the parts of a source into what they mean, and knows the line of each.
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn bad<T>(&self, at: &Spanned<T>, rule: &str) -> BadTrustFile {
        bad(self.text, at.span().start, rule)
    }

    /// Words that hide nothing and cannot disturb a terminal. [DIS-8]
    fn words(&self, text: &Spanned<String>) -> Result<String, BadTrustFile> {
        let words = text.get_ref();
        if is_line(words, MAX_TEXT) {
            Ok(words.clone())
        } else {
            let rule = "text must be one line of 1 to 200 composed characters, none of them hidden, no space too many";
            Err(self.bad(text, rule))
        }
    }

    fn id<T>(&self, text: &Spanned<String>, parse: fn(&str) -> Result<T, Rejection>) -> Result<T, BadTrustFile> {
        parse(text.get_ref()).map_err(|_| self.bad(text, "an ID is 64 hexadecimal digits, not all zero"))
    }

    fn heads(&self, heads: &Heads) -> Result<HeadDemand, BadTrustFile> {
        let nonce = heads.nonce.as_ref().map(|nonce| self.id(nonce, EventId::from_hex)).transpose()?;
        let earliest = heads.earliest.as_ref().map(|time| {
            moment::read(time.get_ref())
                .ok_or_else(|| self.bad(time, "a time is a date and time in UTC, like 2026-03-01T08:00:00Z"))
        });
        Ok(HeadDemand { nonce: nonce.map(|nonce| *nonce.as_bytes()), earliest: earliest.transpose()? })
    }

    fn organisations(&self, entries: &[Organisation]) -> Result<Vec<TrustedOrganisation>, BadTrustFile> {
        let mut read = Vec::new();
        for entry in entries {
            let organisation = TrustedOrganisation {
                name: self.words(&entry.name)?,
                organisation: self.id(&entry.id, OrgId::from_hex)?,
                minimum: self.id(&entry.minimum_key_record, KeyRecordId::from_hex)?,
            };
            // Two organisations with one name could be taken for each other.
            let twice = |other: &TrustedOrganisation| {
                other.organisation == organisation.organisation || other.name == organisation.name
            };
            if read.iter().any(twice) {
                return Err(self.bad(&entry.id, "an organisation or its name stands here twice"));
            }
            read.push(organisation);
        }
        read.sort_by_key(|entry| entry.organisation);
        Ok(read)
    }

    fn agreements(&self, entries: &[Agreement]) -> Result<Vec<TrustedAgreement>, BadTrustFile> {
        let mut read: Vec<TrustedAgreement> = Vec::new();
        for entry in entries {
            let agreement = self.id(&entry.id, AgreementId::from_hex)?;
            if read.iter().any(|other| other.agreement == agreement) {
                return Err(self.bad(&entry.id, "an agreement stands here twice"));
            }
            read.push(TrustedAgreement { title: self.words(&entry.title)?, agreement });
        }
        read.sort_by_key(|entry| entry.agreement);
        Ok(read)
    }
}

fn bad(text: &str, at: usize, rule: &str) -> BadTrustFile {
    let before = text.get(..at).unwrap_or(text);
    BadTrustFile { line: before.matches('\n').count() + 1, rule: rule.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::Id, time::Seconds};

    fn file() -> TrustFile {
        TrustFile {
            made_by: String::from("an invented ombudsman; IDs read \"aloud\" by telephone"),
            witnesses: WitnessDemand { number: 2, independent: true },
            heads: HeadDemand { nonce: Some([7; 32]), earliest: Seconds::new(1_772_323_200) },
            organisations: vec![TrustedOrganisation {
                name: String::from("Линија за помоћ"),
                organisation: Id::of(b"hotline").into(),
                minimum: Id::of(b"record").into(),
            }],
            agreements: vec![TrustedAgreement {
                title: String::from("an invented protocol"),
                agreement: Id::of(b"agreement").into(),
            }],
        }
    }

    #[test]
    fn a_trust_file_is_what_it_writes() {
        assert_eq!(TrustFile::parse(&file().to_toml()).unwrap(), file());
        let bare = TrustFile { heads: HeadDemand::default(), witnesses: WitnessDemand::default(), ..file() };
        assert_eq!(TrustFile::parse(&bare.to_toml()).unwrap(), bare);
    }

    #[test]
    fn the_digest_covers_what_is_demanded_and_not_what_it_is_called() {
        let mut other = file();
        other.made_by = String::from("somebody else");
        other.organisations[0].name = String::from("another name");
        assert_eq!(other.digest(), file().digest());
        other.organisations[0].minimum = Id::of(b"another record").into();
        assert_ne!(other.digest(), file().digest());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let good = file().to_toml();
        let line = |needle: &str| good.lines().position(|line| line.starts_with(needle)).unwrap() + 1;
        for (from, to, needle) in [
            ("independent = true", "independent = true\nextra = 1", ""),
            ("number = 2", "number = -2", "number"),
            ("uput trust file 1", "uput trust file 2", "format"),
            ("2026-03-01T00:00:00Z", "2026-03-01", "earliest"),
            ("nonce = \"0", "nonce = \"", "nonce"),
            ("an invented protocol", "an\\u001binvented protocol", "title"),
        ] {
            assert!(good.contains(from), "{from}");
            let error = TrustFile::parse(&good.replacen(from, to, 1)).unwrap_err();
            let expected = if needle.is_empty() { line("independent") + 1 } else { line(needle) };
            assert_eq!(error.line, expected, "{from} -> {to}: {error}");
        }
    }

    #[test]
    fn an_organisation_twice_is_refused() {
        let good = file().to_toml();
        let entry = good.split("[[organisation]]").nth(1).unwrap().split("[[agreement]]").next().unwrap();
        assert!(TrustFile::parse(&format!("{good}\n[[organisation]]{entry}")).is_err());
    }
}
