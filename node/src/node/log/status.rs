//! How the log stands, as people are told.

use uput_core::{id::OrgId, log::Tree, rejection::Rejection, time::Seconds, wire};

use super::super::{Node, report::check};

/// Ticks that a witness may be behind before people are told: an hour.
const LAG: u64 = 6;

impl Node {
    /// How the log stands, who cosigns it, and whose logs are cosigned here.
    #[must_use]
    pub fn view_log(&self, now: Seconds) -> wire::GetLogResponse {
        let (size, root) = self.log.in_tree(|tree| (tree.size(), Tree::root(tree)));
        let witnesses = self.witnesses();
        wire::GetLogResponse {
            base_tick: self.log.base(),
            size,
            root: root.to_vec(),
            behind: self.log.behind(now),
            witnesses: witnesses.iter().map(|(by, named)| self.view_witness(by, *named)).collect(),
            witnessed: self.view_witnessed(),
            evidence: u32::try_from(self.evidence_count()).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn view_witness(&self, by: &OrgId, by_record: bool) -> wire::LogWitness {
        let standing = self.witnesses.standing(by);
        wire::LogWitness {
            organisation: by.to_vec(),
            name: self.directory.name(by),
            size: standing.size,
            time: standing.time,
            difficulty: Rejection::from_number(standing.refused).map(|refused| refused.to_string()).unwrap_or_default(),
            by_record,
        }
    }

    /// [LOG-64] [LOG-75]
    pub(in crate::node) fn check_log(&self, now: Seconds) -> wire::Check {
        let behind = self.log.behind(now);
        // [LOG-100]
        if let Some(stuck) = self.log.stuck() {
            let finding = format!("the log stands still, {behind} ticks of ten minutes behind: {stuck}");
            let remedy = "look at the disk; a record that stays unreadable comes back from a backup alone. Work goes on, without proof of its times";
            return check("log", wire::CheckLevel::Error, &finding, remedy);
        }
        // The open tick and the one that is about to be closed.
        if behind > 1 {
            let finding = format!("{behind} ticks of ten minutes have passed that the log did not close");
            let remedy =
                "look whether the clock of this computer is right and the disk has space; the log goes on by itself";
            return check("log", wire::CheckLevel::Error, &finding, remedy);
        }
        if behind < 0 {
            let finding =
                format!("the log is {} ticks of ten minutes ahead of the clock, and stands until then", -behind);
            let remedy = "look whether the clock of this computer is right; it was ahead, or is behind";
            return check("log", wire::CheckLevel::Warning, &finding, remedy);
        }
        self.check_witnesses()
    }

    fn check_witnesses(&self) -> wire::Check {
        let size = self.log.size();
        // [LOG-96]
        let ahead = self.witnesses().into_keys().filter(|by| self.witnesses.standing(by).ahead > size);
        let ahead: Vec<String> = ahead.map(|by| self.directory.name(&by)).collect();
        if !ahead.is_empty() {
            let finding = format!("{} cosigned a longer log of ours than this node has", ahead.join(", "));
            let remedy =
                "this folder was put back to an earlier state, or somebody else signs with this node's key: telephone";
            return check("log", wire::CheckLevel::Error, &finding, remedy);
        }
        // [LOG-95]
        let convicted = self.convicted();
        if !convicted.is_empty() {
            let finding = format!("two histories were shown by the logs of: {}", convicted.join(", "));
            let remedy =
                "see `uput log status`; tell whoever supervises your network. Trails go on, their times are not proven";
            return check("log", wire::CheckLevel::Error, &finding, remedy);
        }
        let mut late = Vec::new();
        for witness in self.witnesses().keys() {
            let standing = self.witnesses.standing(witness);
            if size.saturating_sub(standing.size) > LAG {
                late.push(format!("{} is {} ticks behind", self.directory.name(witness), size - standing.size));
            }
        }
        if !late.is_empty() {
            let remedy =
                "see `uput log status` and `uput peer list`, and telephone; work goes on, its times are ours alone";
            return check("log", wire::CheckLevel::Warning, &late.join(", "), remedy);
        }
        let finding =
            format!("{size} ticks of ten minutes are closed; {} witnesses cosign them", self.witnesses().len());
        check("log", wire::CheckLevel::Ok, &finding, "")
    }
}
