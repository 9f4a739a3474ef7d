//! Whether a name that she gave is a colleague's.
//!
//! Guarantees that case, marks, script and order do not matter; that a name of two words or more whose every word is the
//! other's is taken for the same; and that a family name alone leaves a doubt. Leaves to others what follows from it.
//! Names are compared as digests, so that whom she excluded is kept without her words.

use std::{collections::BTreeSet, sync::LazyLock};

use prost::Message;
use ring::hmac;
use uput_core::{sensitive::Sensitive, words};
use zeroize::Zeroizing;

use super::Ground;
use crate::{clock::SystemEntropy, seal::Unreadable};

/// Given names that so many people have that one of them alone is no doubt, one a line, folded.
const GIVEN: &str = include_str!("../../../specs/given-names.txt");
/// The shortest word that counts.
const SHORTEST: usize = 2;
/// Names that she gave, as digests under a key of their own.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct GivenNames {
    /// 32 random bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// The names.
    #[prost(message, repeated, tag = "2")]
    pub names: Vec<NameDigests>,
}

/// One name: the digests of its words, each once.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct NameDigests {
    /// HMAC-SHA256 of each word.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub words: Vec<Vec<u8>>,
}

/// All names that she gave in one case, for its record.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct NameList {
    /// As they came.
    #[prost(message, repeated, tag = "1")]
    pub lists: Vec<GivenNames>,
}

/// The words of a name.
pub struct Name(Vec<Zeroizing<String>>);

impl Name {
    /// Its words, folded, each once. [CAS-31]
    #[must_use]
    pub fn new(name: &Sensitive<String>) -> Self {
        // Cut into words that are compared and forgotten.
        let mut words = words::sounded(name);
        words.retain(|word| word.chars().count() >= SHORTEST);
        words.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        words.dedup_by(|one, other| one.as_str() == other.as_str());
        Self(words)
    }
}

impl GivenNames {
    /// The names of a list, `; ` between.
    #[must_use]
    pub fn new(list: &Sensitive<String>) -> Self {
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(SystemEntropy.bytes());
        let mac = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        // Read to be cut into names that are kept as digests only.
        let names = list.expose().split(';').map(|name| Name::new(&Sensitive::new(name.to_owned())));
        let digests = |name: Name| NameDigests { words: name.0.iter().map(|word| digest(&mac, word)).collect() };
        Self { key: key.to_vec(), names: names.filter(|name| !name.0.is_empty()).map(digests).collect() }
    }

    /// How sure it is that a colleague of that name is one of them. [CAS-32]
    #[must_use]
    pub fn ground(&self, colleague: &Name) -> Option<Ground> {
        let mac = hmac::Key::new(hmac::HMAC_SHA256, &self.key);
        let words: Vec<_> = colleague.0.iter().map(|word| (digest(&mac, word), is_frequent(word))).collect();
        self.names.iter().filter_map(|name| name.ground(&words)).max()
    }
}

impl NameDigests {
    fn ground(&self, colleague: &[(Vec<u8>, bool)]) -> Option<Ground> {
        let shared: Vec<_> = colleague.iter().filter(|(word, _)| self.words.contains(word)).collect();
        let shorter = self.words.len().min(colleague.len());
        let whole = shared.len() == shorter && shorter > 0;
        if whole && (shorter > 1 || self.words.len() == colleague.len()) {
            return Some(Ground::Named);
        }
        (whole || shared.iter().any(|(_, frequent)| !frequent)).then_some(Ground::Doubtful)
    }
}

impl NameList {
    /// From the bytes of a record, opened.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        Self::decode(bytes).map_err(|_| Unreadable)
    }

    /// How sure it is that a colleague of that name is one of them. [CAS-32]
    #[must_use]
    pub fn ground(&self, colleague: &Name) -> Option<Ground> {
        self.lists.iter().filter_map(|list| list.ground(colleague)).max()
    }
}

fn digest(key: &hmac::Key, word: &str) -> Vec<u8> {
    hmac::sign(key, word.as_bytes()).as_ref().to_vec()
}

fn is_frequent(word: &str) -> bool {
    static FREQUENT: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let names = GIVEN.lines().filter(|line| !line.starts_with('#'));
        let sounded = |name: &str| words::sounded(&Sensitive::new(name.to_owned()));
        names.flat_map(sounded).map(|word| word.as_str().to_owned()).collect()
    });
    FREQUENT.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground(named: &str, colleague: &str) -> Option<Ground> {
        let text = |text: &str| Sensitive::new(text.to_owned());
        GivenNames::new(&text(named)).ground(&Name::new(&text(colleague)))
    }

    /// [CAS-31] [CAS-32] All of them invented.
    #[test]
    fn one_name_in_any_script_mark_and_order_is_the_same() {
        for [named, colleague] in [
            ["Đorđe Izmišljenović", "IZMIŠLJENOVIĆ Djordje"],
            ["Ђорђе Измишљеновић", "Đorđe Izmisljenovic"],
            ["Ѓорѓи Измислевски", "Gjorgji Izmislevski"],
            ["Milica Petra Izmišljenović", "Milica Izmišljenović"],
            ["Milica Izmišljenović", "dr Milica Izmišljenović"],
            ["Gëzim Shtrembaj", "gezim strembaj"],
            ["Enver Hoxhaj", "Енвер Хоџај"],
            ["Qemal Çarshiu", "Ćemal Čaršiu"],
            ["Милан Измишљеновиќ", "Milan Izmišljenović"],
            ["Milan Izmisljenovikj", "Милан Измишљеновић"],
            ["Ѓорѓе Измислевски", "Đorđe Izmislevski"],
            ["Gjergj Izmisloka", "Đerđ Izmisloka"],
            ["Arben Thaçizmisl", "Arben Tačizmisl"],
            ["Dhimitër Izmisli", "Dimiter Izmisli"],
            ["Ana Prva; Vesna Druga", "Druga, Vesna"],
            ["Izmišljenović-Petrić Ana", "Ana Petrić Izmišljenović"],
            ["Vesna", "vesna"],
            ["D’Arkova Jana", "Jana Darkova"],
        ] {
            assert_eq!(ground(named, colleague), Some(Ground::Named), "{named} / {colleague}");
        }
    }

    /// [CAS-32]
    #[test]
    fn a_family_name_alone_is_a_doubt_and_a_frequent_given_name_is_none() {
        for [named, colleague] in [
            ["gospođa Izmišljenović", "Ana Izmišljenović"],
            ["Ana Izmišljenović", "Vesna Izmišljenović"],
            ["Izmišljenović Ana", "Izmišljenović Vesna"],
            ["Ana", "Ana Izmišljenović"],
            ["Измишљеновић", "Ana Izmišljenović"],
            ["Zvjezdodraga Prva", "Zvjezdodraga Druga"],
        ] {
            assert_eq!(ground(named, colleague), Some(Ground::Doubtful), "{named} / {colleague}");
        }
        for [named, colleague] in [
            ["Ana Prva", "Ana Druga"],
            ["Марија Прва", "Marija Druga"],
            ["Ana Prva", "Vesna Druga"],
            ["A. B.", "Ana B"],
            ["", "Ana"],
        ] {
            assert_eq!(ground(named, colleague), None, "{named} / {colleague}");
        }
    }

    #[test]
    fn what_is_kept_holds_no_word() {
        let list = GivenNames::new(&Sensitive::new("Ana Izmišljenović".to_owned()));
        let bytes = NameList { lists: vec![list.clone()] }.encode_to_vec();
        assert!(!bytes.windows(4).any(|window| window == b"izmi" || window == b"Izmi"));
        assert!(NameList::parse(&bytes).is_ok_and(|kept| kept.lists == [list]));
        assert!(NameList::parse(&[255]).is_err());
    }
}
