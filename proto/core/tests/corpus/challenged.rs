//! Silence: who was asked through whom, and every way of which it only looks so. [BUN-109] [BUN-110] [BUN-111]

use uput_core::{
    bundle::BundleDraft,
    codec,
    envelope::{Envelope, MediaType},
    head::{Challenge, Countersignature, Head},
    id::{Id, OrgId},
    slot::Extent,
    trust::{TrustFile, TrustedOrganisation},
    wire,
};

use crate::{
    entry::Entry,
    forge::sealed,
    sample::{Organisation, Story, TWO_PARTY, World},
};

const BASE: &str = "an enquiry that was held, and asked about";
const HOUR: u64 = 60;

/// Two parties; the one that is asked names two witnesses, the other one a friend.
struct Quiet {
    world: World,
    north: Organisation,
    south: Organisation,
    friend: Organisation,
}

impl Quiet {
    fn new(source: &str) -> Self {
        let [mut north, south, friend] = ["north", "south", "a friend"].map(Organisation::invented);
        north.rotate();
        let [mut hotline, mut jasen] = ["hotline", "shelter-jasen"].map(Organisation::invented);
        hotline.rotate_with(|draft| draft.witnesses = vec![north.id, friend.id]);
        jasen.rotate_with(|draft| draft.witnesses = vec![north.id, south.id]);
        Self { world: World::between(hotline, jasen, source, Vec::new(), 60), north, south, friend }
    }

    fn trust(&self) -> TrustFile {
        let mut trust = self.world.trust();
        for witness in [&self.north, &self.south, &self.friend] {
            let (name, minimum) = (witness.name.to_owned(), witness.record(0));
            trust.organisations.push(TrustedOrganisation { name, organisation: witness.id, minimum });
        }
        trust.organisations.sort_by_key(|entry| entry.organisation);
        trust
    }

    fn entry(&self, name: &'static str, reason: &'static str, bundle: Vec<u8>) -> Entry {
        Entry::new(name, reason, &self.world, bundle).of(BASE).trusting(|trust| *trust = self.trust())
    }

    fn challenge(&self, story: &Story<'_>) -> Challenge {
        let to = self.world.jasen.id;
        Challenge { trail: story.trail.id(), to, nonce: [5; 32], time: self.world.at(story.clock + 1) }
    }

    fn asked(&self, story: &Story<'_>) -> Envelope {
        self.challenge(story).sign(self.world.hotline.signing()).unwrap()
    }

    /// What a witness says who heard nothing for so many minutes.
    fn word(&self, story: &Story<'_>, by: &Organisation, minutes: u64) -> Countersignature {
        Countersignature {
            challenge: self.asked(story).id(),
            to: self.world.jasen.id,
            witness: by.id,
            key: by.newest(),
            put: self.world.at(story.clock + HOUR),
            until: self.world.at(story.clock + HOUR + minutes),
            head: None,
        }
    }

    /// The hotline's export with its challenge.
    fn bundle(&self, story: &Story<'_>, change: impl FnOnce(&mut BundleDraft)) -> Vec<u8> {
        let mut draft = story.draft(&self.world.hotline, &Extent::VALUES);
        draft.chains.push(self.north.records.clone());
        draft.challenges.push(self.asked(story));
        change(&mut draft);
        draft.build(self.world.hotline.signing()).unwrap()
    }

    /// The same with countersignatures.
    fn with(&self, story: &Story<'_>, said: &[(&Organisation, Countersignature)]) -> Vec<u8> {
        self.bundle(story, |draft| {
            for (by, said) in said {
                if by.id != self.north.id {
                    draft.chains.push(by.records.clone());
                }
                draft.challenges.push(said.sign(by.signing()).unwrap());
            }
        })
    }
}

/// The shelter's head answers.
fn answer(story: &Story<'_>, draft: &mut BundleDraft) {
    let jasen = &story.world.jasen;
    let head = Head { nonce: Some([5; 32]), ..story.head(jasen) };
    draft.heads.retain(|old| Head::parse(old.body()).unwrap().author != jasen.id);
    draft.heads.push(head.sign(jasen.signing()).unwrap());
}

/// The witness of the scene after its newest signing key was stolen.
fn robbed() -> Organisation {
    let mut north = Organisation::invented("north");
    north.rotate();
    north.disown(None);
    north
}

/// Its key records as they are then.
fn swap(draft: &mut BundleDraft, north: &Organisation) {
    let own = draft.chains.iter_mut().find(|chain| chain[0].id() == north.records[0].id()).unwrap();
    own.clone_from(&north.records);
}

const DAY: u64 = 24 * HOUR;

pub(crate) fn entries() -> Vec<Entry> {
    let quiet = Quiet::new(TWO_PARTY);
    [shown(&quiet), not_shown(&quiet), misshapen(&quiet), demanded()].into_iter().flatten().collect()
}

fn shown(quiet: &Quiet) -> Vec<Entry> {
    let story = quiet.world.enquiry();
    let silent = quiet.word(&story, &quiet.north, DAY);
    vec![
        quiet.entry("a challenge that was answered", "A head carries its nonce.", {
            quiet.bundle(&story, |draft| answer(&story, draft))
        }),
        quiet.entry(
            "a silence that a witness of the silent party shows",
            "Its own witness put it, and heard nothing for a day.",
            quiet.with(&story, &[(&quiet.north, silent.clone())]),
        ),
        quiet.entry(
            "a silence that a witness shows by its new key after a theft",
            "What was stolen is the old one.",
            {
                let north = robbed();
                let word = Countersignature { key: north.newest(), ..silent.clone() };
                quiet.bundle(&story, |draft| {
                    swap(draft, &north);
                    draft.challenges.push(word.sign(north.signing()).unwrap());
                })
            },
        ),
        quiet.entry(
            "an answer that a witness had not heard yet",
            "It is here: nobody was silent.",
            quiet.bundle(&story, |draft| {
                answer(&story, draft);
                draft.challenges.push(silent.sign(quiet.north.signing()).unwrap());
            }),
        ),
    ]
}

fn not_shown(quiet: &Quiet) -> Vec<Entry> {
    let story = quiet.world.enquiry();
    let hotline = &quiet.world.hotline;
    let word = |by| quiet.word(&story, by, DAY);
    let case = |name, reason, bundle| quiet.entry(name, reason, bundle).fails(11, "BUN-111", "");
    let by = |witness| quiet.with(&story, &[(witness, word(witness))]);
    let mut retired = word(&quiet.north);
    retired.key = quiet.north.record(0);
    let old = sealed(MediaType::COUNTERSIGNATURE.as_str(), retired.encode(), &[&quiet.north.signing[0]]);
    let named = Countersignature { head: Some(Id::of(b"an answer that was cut off")), ..word(&quiet.north) };
    vec![
        case("a challenge that nobody answered is the exporter's word", "The answer may have been left out.", {
            quiet.bundle(&story, |_| {})
        }),
        case("a silence that a friend of the exporter shows", "The silent party does not name that witness.", {
            by(&quiet.friend)
        })
        .breaks(&["BUN-110"]),
        case("a silence that the exporter shows itself", "Nobody is witness in its own cause.", {
            quiet.bundle(&story, |draft| draft.challenges.push(word(hotline).sign(hotline.signing()).unwrap()))
        })
        .breaks(&["BUN-110"]),
        case("a silence that somebody shows whom the trust file does not name", "Nobody compared its keys.", {
            by(&quiet.south)
        })
        .trusting(|trust| trust.organisations.retain(|entry| entry.organisation != quiet.south.id))
        .breaks(&["BUN-110"]),
        case(
            "a silence that a witness shows by a key that it had retired",
            "The trust file demands the newer record.",
            { quiet.bundle(&story, |draft| draft.challenges.push(old)) },
        )
        .trusting(|trust| {
            let north = trust.organisations.iter_mut().find(|entry| entry.organisation == quiet.north.id);
            north.unwrap().minimum = quiet.north.newest();
        })
        .breaks(&["BUN-110"]),
        case("a silence that a witness shows by a key that it disowns", "Anybody who stole it calls others silent.", {
            quiet.bundle(&story, |draft| {
                swap(draft, &robbed());
                draft.challenges.push(word(&quiet.north).sign(quiet.north.signing()).unwrap());
            })
        })
        .breaks(&["BUN-124"]),
        case("a silence of less than a day", "Whoever is asked at night answers by day.", {
            quiet.with(&story, &[(&quiet.north, quiet.word(&story, &quiet.north, DAY - 1))])
        }),
        case("an answer that a witness heard of and that is cut off", "The party named a head that is not here.", {
            quiet.with(&story, &[(&quiet.north, named.clone())])
        }),
        case("an answer that one of two witnesses heard of", "One sign is enough for whoever is accused.", {
            quiet.with(&story, &[(&quiet.north, named), (&quiet.south, word(&quiet.south))])
        }),
    ]
}

fn misshapen(quiet: &Quiet) -> Vec<Entry> {
    let story = quiet.world.enquiry();
    let word = quiet.word(&story, &quiet.north, DAY);
    let added = |envelope: Envelope| {
        quiet.bundle(&story, |draft| {
            answer(&story, draft);
            draft.challenges.push(envelope);
        })
    };
    let case =
        |name, rejection, reason, envelope| quiet.entry(name, reason, added(envelope)).fails(10, "BUN-109", rejection);
    let changed = |change: &dyn Fn(&mut wire::Countersignature)| {
        let mut said: wire::Countersignature = codec::decode(&word.encode()).unwrap();
        change(&mut said);
        sealed(MediaType::COUNTERSIGNATURE.as_str(), codec::encode(&said), &[quiet.north.signing()])
    };
    let mut turned = changed(&|_| {}).to_wire();
    turned.signatures[0].signature[3] ^= 1;
    let (other, strange): (OrgId, Id) = (quiet.world.hotline.id, Id::of(b"a challenge that is not here"));
    vec![
        case("a countersignature of a challenge to another party", "WRONG_TRAIL", "It was put to somebody else.", {
            changed(&|said| said.to = other.to_vec())
        }),
        case("a countersignature of a challenge that is not here", "WRONG_TRAIL", "What was put is not shown.", {
            changed(&|said| said.challenge = strange.as_bytes().to_vec())
        }),
        case("a countersignature with one bit of its signature turned", "BAD_SIGNATURE", "It does not verify.", {
            Envelope::from_wire(turned).unwrap()
        })
        .breaks(&["ENV-10", "KEY-3"]),
        case("a countersignature that ends before it begins", "MALFORMED", "An hour before it was put.", {
            changed(&|said| said.until = said.put - 3600)
        }),
        case("a countersignature at no time", "MALFORMED", "It was put at 0.", changed(&|said| said.put = 0)),
        case("a countersignature of nobody", "MALFORMED", "It names no witness.", {
            changed(&|said| said.witness.clear())
        }),
        case("a countersignature that names an answer of 31 bytes", "MALFORMED", "No head has such an ID.", {
            changed(&|said| said.head = vec![7; 31])
        }),
        quiet
            .entry("a countersignature by a record that is not here", "Its key is not known.", {
                added(changed(&|said| said.key = vec![7; 32]))
            })
            .fails(13, "BUN-109", "UNKNOWN_SIGNER"),
    ]
}

/// [BUN-63] [BUN-111]
fn demanded() -> Vec<Entry> {
    let quiet = Quiet::new(&TWO_PARTY.replace("number = 0", "number = 2"));
    let story = quiet.world.enquiry();
    let word = |by| (by, quiet.word(&story, by, DAY));
    let unwitnessed = "No log is here, so that no event has its two witnesses.";
    vec![
        quiet
            .entry("a silence that one of two demanded witnesses shows", "One is not two.", {
                quiet.with(&story, &[word(&quiet.north)])
            })
            .fails(11, "BUN-111", "")
            .also("BUN-71", unwitnessed),
        quiet
            .entry("a silence that both demanded witnesses show", "The silence is shown; the times are not.", {
                quiet.with(&story, &[word(&quiet.north), word(&quiet.south)])
            })
            .doubts("BUN-71"),
    ]
}
