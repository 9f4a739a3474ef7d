//! Letters that lie, made with valid keys.

use uput_core::{
    codec,
    envelope::{Envelope, MediaType},
    head::Head,
    id::{EventId, Id, KeyRecordId, OrgId, TrailId},
    key::{KeyChain, KeyRecordDraft, SigningKey, sign_key_record},
    letter,
    log::{Checkpoint, Hash, Origin},
    time::{Seconds, Span},
    wire::{
        self, EventBody, Hello, LetterContent, LetterFrame, Receipt, ReceiptOutcome, WitnessReply, disclosure::Form,
        event_body::Kind, peer_frame::Frame,
    },
};
use uput_node::clock::SystemEntropy;

use super::{
    Lie,
    overheard::{Heard, Known, Overheard, heard},
};
use crate::{
    dice::Dice,
    house::{FOUNDED, House},
    town::Town,
};

/// Ten years.
const AGES: u64 = 3_650 * 86_400;
/// Trails that a flood opens, and letters that it repeats.
const FLOOD: (u64, usize) = (4, 40);

/// The keys of a liar.
pub struct Forger {
    id: OrgId,
    /// Of the first key record.
    signing: SigningKey,
    first: KeyRecordId,
    /// Both records; the second goes out with the first lie that is about it.
    records: Vec<wire::Envelope>,
}

/// What a lie made.
#[derive(Default)]
pub struct Forged {
    /// To whom, which letter.
    pub letters: Vec<(usize, Vec<u8>)>,
    /// What the liar has said with it, to go on from there.
    pub said: Vec<(usize, TrailId, Heard)>,
}

/// Where a lie is told.
struct Place<'a> {
    dice: &'a Dice,
    town: &'a Town,
    known: &'a Overheard,
    to: usize,
}

impl Forger {
    /// With the keys of that house.
    pub fn new(house: &House, chain: KeyChain) -> Self {
        let [organisation, signing, tls] = house.keys();
        let newer = SigningKey::from_seed(&[0x5A; 32]);
        let minute = |seconds| Seconds::new(seconds).unwrap_or(Seconds::EPOCH);
        let draft =
            KeyRecordDraft::after(chain.newest(), minute(FOUNDED + 60), minute(FOUNDED).after(Span(700 * 86_400)));
        let second = sign_key_record(draft, &organisation, &newer, &tls, None);
        let records = chain.envelopes().cloned().chain(second);
        Self {
            id: house.id,
            signing,
            first: chain.newest_id(),
            records: records.map(|envelope| envelope.to_wire()).collect(),
        }
    }

    /// What a lie sends; none if the liar does not know enough for it, or nobody is there to be told.
    pub fn letters(&self, lie: Lie, dice: &Dice, town: &Town, to: usize, known: &Overheard) -> Option<Forged> {
        let at = &Place { dice, town, known, to };
        match lie {
            Lie::Replays => self.replays(at),
            Lie::Floods => self.floods(at),
            Lie::Damages => self.damages(at),
            Lie::WrongRecipient => self.astray(at),
            Lie::FalseHead => self.head(at),
            Lie::LiesAboutLog => self.two_logs(at),
            Lie::AltersValues => self.another_value(at),
            Lie::OpensWildly => self.opening(at, |opening| opening.agreement = at.bytes()),
            Lie::RevokedKey => self.retired(at),
            _ => self.event(lie, at),
        }
    }

    fn event(&self, lie: Lie, at: &Place<'_>) -> Option<Forged> {
        let (trail, known) = at.trail()?;
        let next = self.next(trail, known, at.kind());
        let mut tail = Vec::new();
        let body = match lie {
            Lie::Equivocates => {
                let newest = &known.own.values().next_back()?.body;
                EventBody { time: newest.time + 60, ..newest.clone() }
            }
            Lie::ReusesNumber => {
                let earlier = &known.own.values().rev().nth(1)?.body;
                EventBody { seq: earlier.seq, prev: earlier.prev.clone(), ..next }
            }
            Lie::SkipsNumbers => EventBody { seq: next.seq + 3, ..next },
            Lie::BackDates => EventBody { time: next.time - AGES, ..next },
            Lie::ForeDates => EventBody { time: next.time + AGES, ..next },
            Lie::SawWhatIsNot => EventBody { seen: at.bytes(), ..next },
            Lie::Impersonates => EventBody { author: at.another().to_vec(), ..next },
            // Number 996, one byte: as a later version of the schema might have it.
            Lie::UnknownField => {
                tail.extend([0xA0, 0x3E, 0x01]);
                next
            }
            _ => return None,
        };
        let signed = self.sign([codec::encode(&body), tail].concat(), &self.signing)?;
        let content = LetterContent { events: vec![signed.clone()], ..LetterContent::default() };
        let goes_on = matches!(lie, Lie::BackDates | Lie::ForeDates);
        let said = heard(signed).filter(|_| goes_on).map(|(trail, heard)| (at.to, trail, heard));
        Some(Forged { letters: vec![(at.to, at.seal(at.to, &content)?)], said: said.into_iter().collect() })
    }

    /// What the liar would say next in a trail.
    fn next(&self, trail: TrailId, known: &Known, kind: Kind) -> EventBody {
        let (own, theirs) = (known.own.values().next_back(), known.theirs.values().next_back());
        EventBody {
            trail: trail.to_vec(),
            author: self.id.to_vec(),
            key: self.first.to_vec(),
            incarnation: 0,
            seq: own.map_or(0, |own| own.body.seq + 1),
            prev: own.map(|own| own.id.to_vec()).unwrap_or_default(),
            seen: theirs.map(|theirs| theirs.id.to_vec()).unwrap_or_default(),
            time: own.or(theirs).map_or(FOUNDED, |last| last.body.time),
            kind: Some(kind),
            ..EventBody::default()
        }
    }

    fn sign(&self, body: Vec<u8>, key: &SigningKey) -> Option<wire::Envelope> {
        Envelope::sign(MediaType::EVENT, body, &[key]).ok().map(|envelope| envelope.to_wire())
    }

    /// The record that retires the key, and then an event under the retired one.
    fn retired(&self, at: &Place<'_>) -> Option<Forged> {
        let (trail, known) = at.trail()?;
        let body = codec::encode(&self.next(trail, known, at.kind()));
        let events = vec![self.sign(body, &self.signing)?];
        let renewal = LetterContent { key_records: self.records.clone(), ..LetterContent::default() };
        let late = LetterContent { events, ..LetterContent::default() };
        let letters = [at.seal(at.to, &renewal)?, at.seal(at.to, &late)?];
        Some(Forged { letters: letters.map(|letter| (at.to, letter)).into(), ..Forged::default() })
    }

    fn replays(&self, at: &Place<'_>) -> Option<Forged> {
        let again = at.known.letters.iter().rev().filter(|(to, _)| *to == at.to).cloned().collect::<Vec<_>>();
        (!again.is_empty()).then_some(Forged { letters: again, ..Forged::default() })
    }

    fn floods(&self, at: &Place<'_>) -> Option<Forged> {
        let mut flood = Forged::default();
        for _ in 0..FLOOD.0 {
            flood.letters.extend(self.opening(at, |_| ())?.letters);
        }
        let again = at.known.letters.iter().filter(|(to, _)| *to == at.to).cycle().take(FLOOD.1);
        flood.letters.extend(again.cloned());
        Some(flood)
    }

    fn damages(&self, at: &Place<'_>) -> Option<Forged> {
        let (_, mut letter) = at.known.letters.iter().rev().find(|(to, _)| *to == at.to)?.clone();
        let place = at.dice.below(letter.len());
        *letter.get_mut(place)? ^= 1 << at.dice.below(8);
        Some(Forged { letters: vec![(at.to, letter)], ..Forged::default() })
    }

    /// What went to another house, as it was, and its events sealed anew.
    fn astray(&self, at: &Place<'_>) -> Option<Forged> {
        let (_, as_it_was) = at.known.letters.iter().rev().find(|(to, _)| *to != at.to)?;
        let trail = at.known.trails.values().rev().find(|known| known.with != at.to)?;
        let events = trail.own.values().chain(trail.theirs.values()).map(|heard| heard.envelope.clone()).collect();
        let anew = at.seal(at.to, &LetterContent { events, ..LetterContent::default() })?;
        Some(Forged { letters: vec![(at.to, as_it_was.clone()), (at.to, anew)], ..Forged::default() })
    }

    fn head(&self, at: &Place<'_>) -> Option<Forged> {
        let (trail, known) = at.trail()?;
        let counts = |side: &std::collections::BTreeMap<u64, Heard>| u64::try_from(side.len()).unwrap_or(0);
        let more = u64::from(at.dice.chance(50));
        let anything = || EventId::parse(&at.bytes()).ok();
        let head = Head {
            trail,
            author: self.id,
            key: self.first,
            incarnation: 0,
            own_count: counts(&known.own) + 2,
            own_last: anything(),
            seen_count: counts(&known.theirs) + more,
            seen_last: if more > 0 { anything() } else { known.theirs.values().next_back().map(|last| last.id) },
            peer_key: at.town.running(at.to)?.node.me().chain().newest_id(),
            closes: None,
            time: Seconds::new(known.own.values().chain(known.theirs.values()).next_back()?.body.time)?,
            nonce: None,
            settled: None,
        };
        let head = head.sign(&self.signing).ok()?.to_wire();
        let content = LetterContent { heads: vec![head], ..LetterContent::default() };
        Some(Forged { letters: vec![(at.to, at.seal(at.to, &content)?)], ..Forged::default() })
    }

    fn two_logs(&self, at: &Place<'_>) -> Option<Forged> {
        let size = 1 + at.dice.next() % 6;
        let mut letters = Vec::new();
        for _ in 0..2 {
            let root = Hash::from_slice(&at.bytes())?;
            let origin = Origin { organisation: self.id, incarnation: 0 };
            let checkpoint = Checkpoint { origin, size, root }.sign(&self.signing).to_bytes();
            let content = LetterContent { checkpoints: vec![checkpoint], ..LetterContent::default() };
            letters.push((at.to, at.seal(at.to, &content)?));
        }
        Some(Forged { letters, ..Forged::default() })
    }

    /// A new trail whose opening is committed to one value and comes with another; or an old event with another value.
    fn another_value(&self, at: &Place<'_>) -> Option<Forged> {
        let with = |trail: &TrailId| at.known.trails.get(trail).is_some_and(|known| known.with == at.to);
        let (_, event, disclosed) = at.known.disclosures.iter().rev().find(|(trail, ..)| with(trail))?;
        let opening: EventBody = codec::decode(&event.body).ok()?;
        let mut disclosed = disclosed.clone();
        let Some(Form::Whole(whole)) = &mut disclosed.form else { return None };
        whole.fields.iter_mut().for_each(|field| field.value = "9".to_owned());
        let again = match opening.kind {
            // Nobody has this one yet, so its values are looked at.
            Some(Kind::Opening(_)) => {
                self.sign(codec::encode(&EventBody { time: opening.time + 60, ..opening }), &self.signing)?
            }
            _ => event.clone(),
        };
        disclosed.event = Envelope::from_wire(again.clone()).ok()?.id().as_bytes().to_vec();
        let content = LetterContent { events: vec![again], disclosures: vec![disclosed], ..LetterContent::default() };
        Some(Forged { letters: vec![(at.to, at.seal(at.to, &content)?)], ..Forged::default() })
    }

    /// Another trail as one that the liar opened before.
    fn opening(&self, at: &Place<'_>, change: impl Fn(&mut wire::Opening)) -> Option<Forged> {
        let own = |known: &&Known| known.with == at.to && known.own.contains_key(&0);
        let opened = at.known.trails.values().filter(own).find_map(|known| {
            let first = &known.own.get(&0)?.body;
            matches!(first.kind, Some(Kind::Opening(_))).then_some(first)
        })?;
        let Some(Kind::Opening(mut opening)) = opened.kind.clone() else { return None };
        opening.nonce = at.bytes();
        change(&mut opening);
        let body = EventBody { kind: Some(Kind::Opening(opening)), ..opened.clone() };
        let events = vec![self.sign(codec::encode(&body), &self.signing)?];
        let content = LetterContent { events, ..LetterContent::default() };
        Some(Forged { letters: vec![(at.to, at.seal(at.to, &content)?)], ..Forged::default() })
    }
}

impl Place<'_> {
    /// One of the newer trails with the house that is lied to.
    fn trail(&self) -> Option<(TrailId, &Known)> {
        let with: Vec<_> = self.known.trails.iter().filter(|(_, known)| known.with == self.to).collect();
        let (trail, known) = with.get(self.dice.below(with.len()))?;
        Some((**trail, *known))
    }

    fn kind(&self) -> Kind {
        match self.dice.below(5) {
            0 => Kind::Acknowledged(wire::Acknowledged {}),
            1 => Kind::Accepted(wire::Accepted {}),
            2 => Kind::Declined(wire::Declined { reason: wire::DeclineReason::NoPlace.into() }),
            3 => Kind::Withdrawn(wire::Withdrawn {}),
            _ => Kind::Closed(wire::Closed { reason: wire::ClosureReason::Done.into() }),
        }
    }

    /// Whoever is not the liar: also the one that is lied to.
    fn another(&self) -> OrgId {
        let house = if self.dice.chance(50) { self.to } else { self.to ^ 1 };
        self.town.organisation(house).or_else(|| self.town.organisation(0)).unwrap_or_else(|| Id::of(b"").into())
    }

    fn bytes(&self) -> Vec<u8> {
        (0..4).flat_map(|_| self.dice.next().to_le_bytes()).collect()
    }

    fn seal(&self, to: usize, content: &LetterContent) -> Option<Vec<u8>> {
        let chain = self.town.running(to)?.node.me().chain();
        letter::seal(chain.newest(), content, &mut SystemEntropy).ok()
    }
}

/// A frame that nobody asked for.
pub fn nonsense(dice: &Dice) -> Frame {
    match dice.below(4) {
        0 => Frame::Letter(LetterFrame { number: 0, letter: vec![0; 8 * 1024] }),
        1 => Frame::Receipt(Receipt { number: 1 << 40, outcome: ReceiptOutcome::Stored.into(), code: 0, time: 0 }),
        2 => Frame::Hello(Hello::default()),
        _ => Frame::WitnessReply(WitnessReply::default()),
    }
}
