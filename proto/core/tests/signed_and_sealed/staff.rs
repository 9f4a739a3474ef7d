//! What is sealed to staff, and shares of a staff key: [STF-2] to [STF-4], [STF-20] to [STF-22].

use std::collections::BTreeSet;

use uput_core::entropy::Entropy;
use uput_core::id::{Id, KeyId};
use uput_core::key::SealingSecret;
use uput_core::letter;
use uput_core::rejection::Rejection;
use uput_core::staff::{self, Place, Sharing, Unjoined};

use crate::sample::seed;

/// As many bytes as anybody asks for, from a name.
struct Endless(String, u64);

impl Entropy for Endless {
    fn fill(&mut self, buffer: &mut [u8]) {
        for part in buffer.chunks_mut(32) {
            self.1 += 1;
            part.copy_from_slice(&Id::of(format!("{} {}", self.0, self.1).as_bytes()).as_bytes()[..part.len()]);
        }
    }
}

fn key(name: &str) -> SealingSecret {
    SealingSecret::from_seed(&seed(name))
}

/// Any k of n, and no fewer. [STF-20] [STF-22]
#[test]
fn any_k_of_n_shares_bring_a_key_back_and_fewer_do_not() {
    let lost = key("lost");
    for (needed, made) in [(2, 2), (2, 5), (3, 5), (5, 5), (2, 16), (16, 16)] {
        let sharing = Sharing::new(needed, made).unwrap();
        let shares = staff::split(&lost, sharing, &mut Endless("split".into(), 0)).unwrap();
        assert_eq!(shares.len(), usize::from(made));
        let known: Vec<_> = shares.iter().map(|share| share.digest(&lost.id())).collect();
        let known = |number: u8| known.get(usize::from(number) - 1).copied();
        for first in 0..shares.len() {
            let chosen = |count: u8| {
                let of = (0..usize::from(count)).map(|at| &shares[(first + at) % shares.len()]);
                of.map(|share| staff::Share::parse(share.number, share.expose()).unwrap()).collect::<Vec<_>>()
            };
            assert!(staff::join(&lost.id(), sharing, &chosen(needed), known).is_ok_and(|key| key.id() == lost.id()));
            let fewer = staff::join(&lost.id(), sharing, &chosen(needed - 1), known).err().unwrap();
            assert_eq!(fewer, Unjoined::TooFew { here: needed - 1, needed });
        }
    }
}

/// A share is any byte, whatever the secret: also the one that it would be if the coefficient were 0, which a known
/// fault of another library leaves out, so that many splits of one secret say what it is not. [STF-20]
#[test]
fn a_share_of_a_known_secret_is_any_byte() {
    let (lost, sharing, mut random) = (key("lost"), Sharing::new(2, 2).unwrap(), Endless("bytes".into(), 0));
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let shares = staff::split(&lost, sharing, &mut random).unwrap();
        seen.extend(shares[0].expose().iter().zip(lost.expose_seed()).map(|(share, secret)| share ^ secret));
    }
    assert_eq!(seen.len(), 256);
}

#[test]
fn one_or_too_many_shares_are_no_sharing() {
    for (needed, made) in [(0, 0), (1, 1), (1, 5), (3, 2), (2, 17), (17, 17)] {
        assert_eq!(Sharing::new(needed, made).err(), Some(Rejection::BadValue), "{needed} of {made}");
    }
}

/// [STF-3]
#[test]
fn what_is_sealed_to_staff_is_no_letter_and_says_only_its_steps() {
    let (reader, id) = (key("reader"), KeyId::new(seed("box")));
    let mut random = Endless("lengths".into(), 0);
    let mut lengths = BTreeSet::new();
    for length in 0..=512 {
        let sealed = staff::seal(reader.public(), &Place::Box(id), &vec![1; length], &mut random).unwrap();
        assert_eq!(staff::recipient(&sealed).unwrap(), reader.id());
        assert!(letter::read_header(&sealed).is_err());
        lengths.insert(sealed.len());
    }
    assert_eq!(lengths.len(), 3, "one length for each 256 bytes: {lengths:?}");
    let large = vec![0; 128 * 1024 + 1];
    let refused = staff::seal(reader.public(), &Place::Box(id), &large, &mut random);
    assert_eq!(refused.err(), Some(Rejection::TooLarge));
}
