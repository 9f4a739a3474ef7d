//! What each of several organisations was sent: of all that passed inside TLS between them, the letters that it can open.

use super::http2;
use super::huffman::Huffman;
use super::letters::{open, sealed};
use crate::key_file::NodeSecrets;

/// Of one organisation.
#[derive(Default)]
pub struct Letters {
    /// What its own key opens.
    pub opened: Vec<Vec<u8>>,
    /// The bytes of every direction in which one of these letters passed.
    pub frames: Vec<Vec<u8>>,
}

/// Sorts what passed by who can open it; in the order in which the organisations are given.
#[must_use]
pub fn letters(passed: &[Vec<u8>], organisations: &[NodeSecrets]) -> Vec<Letters> {
    let (huffman, mut all) = (Huffman::new(), Vec::new());
    all.resize_with(organisations.len(), Letters::default);
    for direction in passed {
        let bodies = http2::read(direction, &huffman).bodies;
        let letters: Vec<Vec<u8>> = bodies.iter().flat_map(|body| sealed(body)).collect();
        for (secrets, own) in organisations.iter().zip(&mut all) {
            let before = own.opened.len();
            own.opened.extend(letters.iter().filter_map(|letter| open(letter, std::slice::from_ref(secrets))));
            if own.opened.len() > before {
                own.frames.push(direction.clone());
                own.frames.extend(bodies.iter().cloned());
            }
        }
    }
    all
}
