//! The record of a case where values are sealed to staff: opened here, and found by words that the node cannot make.
//!
//! Guarantees that nothing is shown which the box of the case does not open. Without a staff key beside the access file
//! nothing here asks the node for anything.

use uput_core::catalogue::{Field, Label};
use uput_core::sensitive::Sensitive;
use uput_core::staff::{self, Place, WordKey};
use uput_core::{wire, words};

use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::refusal;
use crate::staff::opened;
use crate::staff::ring::{KeyArgs, Ring};

/// The caller's keys, and the key of words if they have it.
#[derive(Default)]
pub(super) struct Keys {
    ring: Ring,
    words: Option<WordKey>,
}

impl Keys {
    /// What lies beside the access file, with what the node holds sealed for it.
    pub(super) async fn open(keys: &KeyArgs, node: &Node, options: &Options) -> Result<Self, Failure> {
        let ring = keys.open(node, options).await?;
        if ring.is_empty() {
            return Ok(Self { ring, words: None });
        }
        let sealing = node.staff().get_sealing(wire::GetSealingRequest {}).await;
        let search = sealing.map_err(|status| refusal::of(&status))?.into_inner().search;
        let words = search.and_then(|held| ring.open_box(&held)).map(|secret| WordKey::of(&secret));
        Ok(Self { ring, words })
    }

    /// Whether there is no key at all.
    pub(super) const fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Puts the values that the caller's keys open into a record. Tells how many stay closed.
    pub(super) fn unseal(&self, record: &mut wire::CaseRecord, boxes: &[wire::StaffBox]) -> usize {
        let secrets: Vec<_> = boxes.iter().filter_map(|held| self.ring.open_box(held)).collect();
        let mut closed = 0;
        for field in record.fields.iter_mut().filter(|field| !field.sealed.is_empty()) {
            let Ok(label) = Label::parse(&field.label) else { continue };
            let place = Place::of_case(&field.sealed_for, label);
            let opened = secrets.iter().find_map(|secret| staff::open(&field.sealed, &place, secret).ok());
            // To the person who asked for values and has the key that opens them.
            match opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()) {
                Some(value) => field.value = value,
                None => closed += 1,
            }
        }
        closed
    }

    /// The digests of the words of fields, by which they are found although the node cannot read them. [CAS-68]
    pub(super) fn label_words(&self, fields: &[wire::Field]) -> Vec<wire::LabelWords> {
        let Some(key) = &self.words else { return Vec::new() };
        // A value that does not parse is refused by the node, with its label.
        let parsed = fields.iter().filter_map(|field| {
            let value = Sensitive::new(field.value.clone());
            Field::typed(Label::parse(&field.label).ok()?, &value).ok()
        });
        parsed
            .map(|field| wire::LabelWords {
                label: field.label().name().to_owned(),
                words: words::of_field(&field).iter().map(|word| key.digest(word).to_vec()).collect(),
            })
            .collect()
    }

    /// The digests of a question; none without the key of words.
    pub(super) fn question(&self, text: &str) -> Vec<Vec<u8>> {
        let asked = words::of_question(&Sensitive::new(text.to_owned()));
        self.words.iter().flat_map(|key| asked.iter().map(|word| key.digest(word).to_vec())).collect()
    }

    /// What the basis of a correction must carry in each trail whose values are sealed, as our newest event there said it.
    /// [CAS-57]
    pub(super) async fn of_basis(
        &self,
        trails: &[wire::FollowedTrail],
        why: &Option<wire::Reason>,
        keys: &KeyArgs,
        node: &Node,
        options: &Options,
    ) -> Result<Vec<wire::OpenedFields>, Failure> {
        let mut all = Vec::new();
        for followed in trails {
            let request = wire::GetTrailRequest {
                trail: followed.trail.clone(),
                values: true,
                reason: why.clone(),
                contact: None,
            };
            let answer = node.trails().get_trail(request).await.map_err(|status| refusal::of(&status))?;
            let Some(mut trail) = answer.into_inner().trail.filter(|trail| !trail.boxes.is_empty()) else { continue };
            opened::open(&mut trail, keys, node, options).await?;
            let of_basis = |field: &wire::Field| Label::parse(&field.label).is_ok_and(Label::is_of_basis);
            let ours = trail.events.into_iter().rev().filter(|event| event.ours);
            let mut said = ours.map(|event| event.fields.into_iter().filter(of_basis).collect::<Vec<_>>());
            if let Some(fields) = said.find(|fields| !fields.is_empty()) {
                all.push(wire::OpenedFields { trail: followed.trail.clone(), fields });
            }
        }
        Ok(all)
    }
}
