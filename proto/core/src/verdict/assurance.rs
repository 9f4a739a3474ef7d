//! How well times are proven, apart from what they prove. [BUN-70]

use std::collections::BTreeSet;

use super::{Assurance, Conformance, Exit, Where, YesNo, demand::Demand, findings::Findings, logs::Logs, names::Names};
use crate::{
    agreement::Agreement,
    id::OrgId,
    trail::Trail,
    trust::{TrustFile, WitnessDemand},
};

/// The rule that is in force: the trust file's, else the agreement's. [BUN-63]
pub(super) fn rule(trust: &TrustFile, agreement: Option<&Agreement>) -> WitnessDemand {
    let own = trust.witnesses;
    let agreed = agreement.map(Agreement::witnesses).map_or_else(WitnessDemand::default, |rule| WitnessDemand {
        number: rule.number,
        independent: rule.independent,
    });
    if own.number > 0 { own } else { agreed }
}

/// What the logs of a trail come to.
pub(super) struct Covered {
    /// Of the event with the fewest witnesses.
    least: u32,
    witnessed: usize,
    all: usize,
    witnesses: BTreeSet<OrgId>,
}

impl Covered {
    /// Counts, for each event, who cosigned a checkpoint that covers it.
    pub(super) fn of(trail: Option<&Trail>, logs: Option<&Logs>) -> Self {
        let mut covered = Self { least: u32::MAX, witnessed: 0, all: 0, witnesses: BTreeSet::new() };
        for (event, logs) in trail.into_iter().flat_map(Trail::events).zip(std::iter::repeat(logs)) {
            let witnesses = logs.map(|logs| logs.event(event).witnesses).unwrap_or_default();
            covered.least = covered.least.min(u32::try_from(witnesses.len()).unwrap_or(u32::MAX));
            covered.witnessed += usize::from(!witnesses.is_empty());
            covered.all += 1;
            covered.witnesses.extend(witnesses);
        }
        covered.least = if covered.all == 0 { 0 } else { covered.least };
        covered
    }

    /// Says it, and holds it against both rules. [BUN-63] [BUN-70] [BUN-71]
    pub(super) fn assure(
        &self,
        idle: (u64, u64),
        trust: &TrustFile,
        agreement: Option<&Agreement>,
        names: &Names<'_>,
        findings: &mut Findings,
    ) -> Assurance {
        let demanded = trust.witnesses.number;
        let met = self.least >= demanded;
        findings.reach(Demand::Witnesses);
        if !met {
            let shown =
                if self.least == 0 { String::from("none is shown") } else { format!("{} are shown", self.least) };
            let sentence = format!("the trust file demands {demanded} witnesses, and {shown}");
            findings.fail(Demand::Witnesses, Exit::Incomplete, Where::default(), sentence);
        }
        self.check_agreement(trust, agreement, findings);
        let sentence = self.sentence(idle, names);
        findings.words.push(sentence.clone());
        Assurance {
            level: match (self.least, self.witnessed) {
                (_, 0) => "not_witnessed",
                (0, _) => "partly_witnessed",
                _ => "witnessed",
            },
            demanded,
            met: if met { YesNo::Yes } else { YesNo::No },
            unchecked_proofs: idle.0,
            unchecked_checkpoints: idle.1,
            sentence,
        }
    }

    fn check_agreement(&self, trust: &TrustFile, agreement: Option<&Agreement>, findings: &mut Findings) {
        let Some(agreed) = agreement.map(Agreement::witnesses).filter(|rule| rule.number > 0) else { return };
        findings.reach(Demand::AgreementWitnesses);
        // A trust file that lets parties count does not show what an agreement without them demands.
        let counted_alike = trust.witnesses.number == 0 || trust.witnesses.independent || !agreed.independent;
        if self.least < agreed.number || !counted_alike {
            let sentence = format!("the agreement demands {} witnesses, and {} are shown", agreed.number, self.least);
            findings.against(Demand::AgreementWitnesses, Conformance::NotCheckable, None, sentence);
        }
    }

    fn sentence(&self, (proofs, checkpoints): (u64, u64), names: &Names<'_>) -> String {
        let who: Vec<String> = self.witnesses.iter().map(|witness| names.of(witness)).collect();
        let (who, least) = (who.join(", "), self.least);
        let mut sentence = match (least, self.witnessed) {
            (_, 0) => String::from("Not witnessed: every time is its author's word."),
            (0, some) => format!(
                "Witnessed in part: {some} of {} events, by {who}. The times of the others are their authors' word.",
                self.all
            ),
            _ => format!("Witnessed by {least}: of {who}, so many at least cosigned that each event was there."),
        };
        if proofs + checkpoints > 0 {
            sentence
                .push_str(&format!(" {proofs} log proofs and {checkpoints} checkpoints are carried and show nothing."));
        }
        sentence
    }
}
