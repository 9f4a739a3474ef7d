//! From a source to the canonical bytes that organisations sign.

use std::{collections::BTreeMap, ops::Range};

use toml::Spanned;

use super::{
    Agreement, Code, Place, SourceError, name_of, reading,
    source::{
        EscalationSource, PartySource, ProfileSource, RetentionSource, RuleSource, Source, TimerSource, position,
    },
};
use crate::{
    codec,
    envelope::{MAX_BODY, MediaType, pae},
    id::{AgreementId, Id, OrgId},
    wire::{self, ServiceType},
};

/// A source that was compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// Canonical bytes, the body of the envelope that is signed.
    pub body: Vec<u8>,
    /// What they say.
    pub agreement: Agreement,
    /// What is lawful in it and surely a mistake, in the order of the source.
    pub warnings: Vec<Warning>,
}

/// Something in a source to look at again. [AGR-40]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is strange, and what to do.
    pub sentence: String,
}

/// Compiles a source. `peers` gives the OrgIds for names in `organisation = "peer:NAME"`. [AGR-1]
///
/// The same source with the same OrgIds gives the same bytes everywhere.
///
/// # Errors
/// [`SourceError`] with the place, the requirement and the remedy of the first thing that is wrong.
pub fn compile(text: &str, peers: &BTreeMap<String, OrgId>) -> Result<Compiled, SourceError> {
    let source = Source::read(text)?;
    let mut compiler = Compiler { text, peers, places: BTreeMap::new() };
    let document = compiler.document(source)?;
    let body = codec::encode(&document);
    if body.len() > MAX_BODY {
        let sentence = format!("the agreement takes {} bytes, {MAX_BODY} are allowed; split it in two", body.len());
        return Err(SourceError::at(text, 0..0, "AGR-3", sentence));
    }
    let id: AgreementId = Id::of(&pae(MediaType::AGREEMENT.as_str(), &body)).into();
    let agreement = reading::read(id, document).map_err(|flaw| {
        let span = compiler.places.get(&flaw.place).cloned().unwrap_or_default();
        SourceError::at(text, span, flaw.requirement, flaw.sentence)
    })?;
    let warnings = compiler.warnings(&agreement);
    Ok(Compiled { body, agreement, warnings })
}

/// A source on its way, and where its parts stand.
struct Compiler<'a> {
    text: &'a str,
    peers: &'a BTreeMap<String, OrgId>,
    places: BTreeMap<Place, Range<usize>>,
}

impl Compiler<'_> {
    fn document(&mut self, source: Source) -> Result<wire::Agreement, SourceError> {
        self.note_top(&source);
        let timers = self.timers(&source.timer)?;
        let amendment = wire::Amendment { threshold: source.amendment.get_ref().threshold };
        let witnesses = source.witnesses.as_ref().map(Spanned::get_ref);
        Ok(wire::Agreement {
            title: source.title.get_ref().clone(),
            version: *source.version.get_ref(),
            previous: self.previous(source.previous.as_ref())?,
            gives_up: self.gives_up(&source.gives_up)?,
            valid_from: self.time(&source.valid_from)?,
            valid_until: self.time(&source.valid_until)?,
            grain: *source.grain.get_ref(),
            demonstration: source.demonstration,
            parties: self.parties(&source.party)?,
            profiles: source.profile.iter().map(|(name, profile)| self.profile(name, profile)).collect(),
            rules: self.rules(&source.rule)?,
            articles: self.articles(&source),
            timers,
            decisions: self.decisions(&source)?,
            escalation: self.escalation(&source.escalation)?,
            retention: Some(self.retention(source.retention.get_ref())?),
            witnesses: witnesses.map(|rule| wire::WitnessRule { number: rule.number, independent: rule.independent }),
            auditors: self.auditors(&source)?,
            amendment: Some(amendment),
        })
    }

    /// Doubts, where they stand in the source.
    fn warnings(&self, agreement: &Agreement) -> Vec<Warning> {
        let mut warnings: Vec<Warning> = agreement
            .doubts()
            .into_iter()
            .map(|doubt| {
                let start = self.places.get(&doubt.place).map(|span| span.start).unwrap_or_default();
                let (line, column) = position(self.text, start);
                Warning { line, column, sentence: doubt.sentence }
            })
            .collect();
        warnings.sort_by_key(|warning| (warning.line, warning.column));
        warnings
    }

    fn note(&mut self, place: Place, span: Range<usize>) {
        self.places.entry(place).or_insert(span);
    }

    fn note_top(&mut self, source: &Source) {
        let witnesses = source.witnesses.as_ref().map(Spanned::span);
        let tops = [
            ("title", source.title.span()),
            ("version", source.version.span()),
            ("gives_up", source.gives_up.first().map(Spanned::span).unwrap_or_default()),
            ("valid_from", source.valid_from.span()),
            ("valid_until", source.valid_until.span()),
            ("grain", source.grain.span()),
            ("retention", source.retention.span()),
            ("witnesses", witnesses.unwrap_or_default()),
            ("amendment", source.amendment.span()),
        ];
        tops.into_iter().for_each(|(field, span)| self.note(Place::Top(field), span));
    }

    fn error<T>(&self, at: &Spanned<T>, requirement: &'static str, sentence: String) -> SourceError {
        SourceError::at(self.text, at.span(), requirement, sentence)
    }

    fn previous(&self, previous: Option<&Spanned<String>>) -> Result<Vec<u8>, SourceError> {
        let Some(previous) = previous else { return Ok(Vec::new()) };
        let id = AgreementId::from_hex(previous.get_ref());
        let id = id.map_err(|_| {
            self.error(previous, "AGR-4", "previous is the ID of a version, 64 hexadecimal digits".into())
        });
        id.map(|id| id.to_vec())
    }

    /// In the order of the document. [AGR-75]
    fn gives_up(&self, given: &[Spanned<String>]) -> Result<Vec<Vec<u8>>, SourceError> {
        let id = |given: &Spanned<String>| {
            AgreementId::from_hex(given.get_ref()).map(|id| id.to_vec()).map_err(|_| {
                self.error(given, "AGR-75", "gives_up names IDs of versions, 64 hexadecimal digits each".into())
            })
        };
        let mut given = given.iter().map(id).collect::<Result<Vec<_>, _>>()?;
        given.sort();
        Ok(given)
    }

    /// A date and time in UTC, whole seconds.
    fn time(&self, time: &Spanned<toml::value::Datetime>) -> Result<u64, SourceError> {
        let text = time.get_ref().to_string();
        let utc = text.strip_suffix('Z').and_then(crate::catalogue::seconds_since_1970);
        let sentence = || format!("{text} must be a date and time in UTC, for example 2026-01-31T00:00:00Z");
        utc.ok_or_else(|| self.error(time, "AGR-4", sentence()))
    }

    /// `7 d`, `24 h`, `10 min`, `3 s`, or several, the longest first. [AGR-15]
    fn span(&self, span: &Spanned<String>) -> Result<u64, SourceError> {
        let sentence =
            || format!("{:?} must be a span of time such as \"7 d\", \"24 h\", \"10 min\" or \"3 s\"", span.get_ref());
        seconds(span.get_ref()).ok_or_else(|| self.error(span, "AGR-15", sentence()))
    }

    fn code<C: Code>(&self, word: &Spanned<String>) -> Result<C, SourceError> {
        C::from_word(word.get_ref()).ok_or_else(|| {
            let known: Vec<String> = C::every().map(name_of).collect();
            let sentence = format!("{:?} is not known; write one of {}", word.get_ref(), known.join(", "));
            self.error(word, "AGR-10", sentence)
        })
    }

    /// Numbers of codes, ascending; a code that stands twice stays twice, to be found.
    fn codes<C: Code + Into<i32>>(&self, words: &[Spanned<String>]) -> Result<Vec<i32>, SourceError> {
        let mut codes: Vec<i32> =
            words.iter().map(|word| self.code::<C>(word).map(Into::into)).collect::<Result<_, _>>()?;
        codes.sort_unstable();
        Ok(codes)
    }

    /// An OrgId, or the name of a peer. [AGR-6]
    fn organisation(&self, written: &Spanned<String>) -> Result<OrgId, SourceError> {
        let text = written.get_ref();
        match text.strip_prefix("peer:") {
            Some(name) => self.peers.get(name).copied().ok_or_else(|| {
                let known: Vec<&str> = self.peers.keys().map(String::as_str).collect();
                let sentence = format!(
                    "there is no peer {name:?} here; exchange invitations first, or write its OrgId (known here: {})",
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                );
                self.error(written, "AGR-6", sentence)
            }),
            None => OrgId::from_hex(text).map_err(|_| {
                let sentence = "organisation is an OrgId of 64 hexadecimal digits, or \"peer:NAME\"; correct it".into();
                self.error(written, "AGR-6", sentence)
            }),
        }
    }

    fn parties(&mut self, parties: &BTreeMap<String, Spanned<PartySource>>) -> Result<Vec<wire::Party>, SourceError> {
        let mut list = Vec::with_capacity(parties.len());
        for party in parties.values() {
            let source = party.get_ref();
            let organisation = self.organisation(&source.organisation)?;
            if list.iter().any(|other: &wire::Party| other.organisation == organisation.to_vec()) {
                let sentence = "another party has this OrgId; name each organisation once".into();
                return Err(self.error(&source.organisation, "AGR-6", sentence));
            }
            self.note(Place::Party(organisation), party.span());
            let services = self.codes::<ServiceType>(&source.services)?;
            let roles = sorted(source.roles.clone());
            let (name, suspended) = (source.name.clone(), source.suspended);
            list.push(wire::Party { organisation: organisation.to_vec(), name, roles, services, suspended });
        }
        list.sort_by(|a, b| a.organisation.cmp(&b.organisation));
        Ok(list)
    }

    fn profile(&mut self, name: &str, profile: &Spanned<ProfileSource>) -> wire::Profile {
        self.note(Place::Profile(name.into()), profile.span());
        let source = profile.get_ref();
        let mut labels = |list: &[Spanned<String>]| {
            for label in list {
                self.note(Place::Label(name.into(), label.get_ref().clone()), label.span());
            }
            sorted(list.iter().map(|label| label.get_ref().clone()).collect())
        };
        wire::Profile {
            name: name.into(),
            enquiry: labels(&source.enquiry),
            need: labels(&source.need),
            identity: labels(&source.identity),
            ticked: labels(&source.ticked),
            reply: labels(&source.reply),
            staff_only: source.staff_only,
        }
    }

    fn rules(&mut self, rules: &[Spanned<RuleSource>]) -> Result<Vec<wire::Rule>, SourceError> {
        let mut list = Vec::with_capacity(rules.len());
        for rule in rules {
            let source = rule.get_ref();
            if list.iter().any(|other: &wire::Rule| other.number == source.number) {
                let sentence = format!("rule {} stands twice; give each rule its own number", source.number);
                return Err(self.error(rule, "AGR-10", sentence));
            }
            self.note(Place::Rule(source.number), rule.span());
            list.push(wire::Rule {
                number: source.number,
                act: self.code::<wire::Act>(&source.act)?.into(),
                sender: source.sender.clone(),
                receiver: self.code::<ServiceType>(&source.receiver)?.into(),
                profile: source.profile.clone(),
                bases: self.codes::<wire::LegalBasis>(&source.bases)?,
                collapsed: source.collapsed,
                source: source.source.clone(),
                unverified: source.unverified,
            });
        }
        list.sort_by_key(|rule| rule.number);
        Ok(list)
    }

    fn articles(&mut self, source: &Source) -> Vec<wire::Article> {
        let mut list = Vec::with_capacity(source.article.len());
        for article in &source.article {
            let written = article.get_ref();
            self.note(Place::Article(written.number), article.span());
            let citation = written.citation.clone();
            list.push(wire::Article { number: written.number, citation, unverified: written.unverified });
        }
        list.sort_by_key(|article| article.number);
        list
    }

    fn timers(&mut self, timers: &[Spanned<TimerSource>]) -> Result<Vec<wire::Timer>, SourceError> {
        let mut list = Vec::with_capacity(timers.len());
        for timer in timers {
            let source = timer.get_ref();
            let (act, kind) = (self.code::<wire::Act>(&source.act)?, self.code::<wire::TimerKind>(&source.step)?);
            let seconds = self.span(&source.within)?;
            let (origin, unverified) = (source.source.clone(), source.unverified);
            let written = wire::Timer { act: act.into(), kind: kind.into(), seconds, source: origin, unverified };
            list.push((written, timer.span()));
        }
        list.sort_by_key(|(timer, _)| (timer.act, timer.kind));
        list.iter().enumerate().for_each(|(at, (_, span))| self.note(Place::Timer(at), span.clone()));
        Ok(list.into_iter().map(|(timer, _)| timer).collect())
    }

    fn decisions(&mut self, source: &Source) -> Result<Vec<wire::DecisionRule>, SourceError> {
        let mut list = Vec::with_capacity(source.decision.len());
        for decision in &source.decision {
            let written = decision.get_ref();
            let kind = self.code::<wire::DecisionType>(&written.kind)?;
            let issuers = self.codes::<ServiceType>(&written.issuers)?;
            let (source, unverified) = (written.source.clone(), written.unverified);
            list.push((wire::DecisionRule { r#type: kind.into(), issuers, source, unverified }, decision.span()));
        }
        list.sort_by_key(|(decision, _)| decision.r#type);
        list.iter().enumerate().for_each(|(at, (_, span))| self.note(Place::Decision(at), span.clone()));
        Ok(list.into_iter().map(|(decision, _)| decision).collect())
    }

    /// In the order of the source: the order is what it says.
    fn escalation(&mut self, steps: &[Spanned<EscalationSource>]) -> Result<Vec<wire::EscalationStep>, SourceError> {
        let mut list = Vec::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            self.note(Place::Escalation(at), step.span());
            let EscalationSource { service, after, acts, timers, source, unverified } = step.get_ref();
            list.push(wire::EscalationStep {
                service_type: self.code::<ServiceType>(service)?.into(),
                after: self.span(after)?,
                acts: self.codes::<wire::Act>(acts)?,
                timers: self.codes::<wire::TimerKind>(timers)?,
                source: source.clone(),
                unverified: *unverified,
            });
        }
        Ok(list)
    }

    fn retention(&self, written: &RetentionSource) -> Result<wire::Retention, SourceError> {
        let (values, evidence) = (self.span(&written.values)?, self.span(&written.evidence)?);
        let (source, unverified) = (written.source.clone(), written.unverified);
        Ok(wire::Retention { values, evidence, source, unverified })
    }

    fn auditors(&mut self, source: &Source) -> Result<Vec<wire::Auditor>, SourceError> {
        let mut list = Vec::with_capacity(source.auditor.len());
        for auditor in source.auditor.values() {
            let written = auditor.get_ref();
            let organisation = self.organisation(&written.organisation)?;
            self.note(Place::Auditor(organisation), auditor.span());
            let (name, labels) = (written.name.clone(), written.labels);
            list.push(wire::Auditor { organisation: organisation.to_vec(), name, labels });
        }
        list.sort_by(|a, b| a.organisation.cmp(&b.organisation));
        Ok(list)
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort_unstable();
    list
}

/// Seconds of a span such as `1 d 12 h`.
fn seconds(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split(' ').collect();
    let mut total = 0_u64;
    let mut longest = u64::MAX;
    for pair in words.chunks(2) {
        let &[number, unit] = pair else { return None };
        let length = match unit {
            "d" => 86_400,
            "h" => 3600,
            "min" => 60,
            "s" => 1,
            _ => return None,
        };
        let plain = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
        if !plain || length >= longest {
            return None;
        }
        longest = length;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(length)?)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn spans_are_read_as_they_are_shown() {
        assert_eq!(seconds("1 d 12 h"), Some(129_600));
        assert_eq!(seconds("3 s"), Some(3));
        for wrong in ["", "3", "s", "3s", "03 s", "12 h 1 d", "1 d 1 d", "-1 s", "1 d ", "99999999999999999999 d"] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }
}
