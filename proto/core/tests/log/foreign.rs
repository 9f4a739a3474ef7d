//! Our trees held against `ct-merkle`, and our notes against `signed_note`; neither is ours.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::Sha256;
use uput_core::log::{Hash, NoteKey, SignatureType, SignedCheckpoint, Tree};

use crate::made::{Log, SIZE, key, witness};

const MOST: u64 = 70;

fn leaf(n: u64) -> Vec<u8> {
    format!("leaf {n}").into_bytes()
}

fn theirs(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|n| tree.push(leaf(n)));
    tree
}

fn ours(size: u64) -> Tree {
    let mut tree = Tree::default();
    (0..size).for_each(|n| tree.append(Hash::leaf(&leaf(n))));
    tree
}

fn bytes(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// [LOG-1] [LOG-7]
#[test]
fn another_program_accepts_our_roots_and_inclusion_paths() {
    let all = ours(MOST);
    for size in 1..=MOST {
        let root = all.root_at(size).unwrap();
        let known = theirs(size).root();
        assert_eq!(known.as_bytes().as_slice(), root.as_bytes());
        for index in 0..size {
            let path = all.inclusion(index, size).unwrap();
            let proof = InclusionProof::<Sha256>::try_from_bytes(bytes(&path)).unwrap();
            known.verify_inclusion(&leaf(index), index, &proof).unwrap();
            assert_eq!(theirs(size).prove_inclusion(usize::try_from(index).unwrap()).as_bytes(), bytes(&path));
        }
    }
}

/// Without the hash that ours begin with where the older size is a power of two. [LOG-8]
#[test]
fn another_program_accepts_our_consistency_paths() {
    let all = ours(MOST);
    let root = |size: u64| RootHash::<Sha256>::new((*all.root_at(size).unwrap().as_bytes()).into(), size);
    for larger in 2..=MOST {
        for smaller in 1..larger {
            let path = all.consistency(smaller, larger).unwrap();
            let plain = &path[usize::from(smaller.is_power_of_two())..];
            let proof = ConsistencyProof::<Sha256>::try_from_bytes(bytes(plain)).unwrap();
            root(larger).verify_consistency(&root(smaller), &proof).unwrap();
            let additions = usize::try_from(larger - smaller).unwrap();
            assert_eq!(theirs(larger).prove_consistency(additions).as_bytes(), bytes(plain));
        }
    }
}

/// C2SP: `cosignature/v1`, which the library knows of no key for, but asks.
struct Cosigner(String, [u8; 32]);

impl signed_note::Verifier for Cosigner {
    fn name(&self) -> &str {
        &self.0
    }

    fn key_id(&self) -> u32 {
        signed_note::key_id(&self.0, &[&[4], &self.1[..]].concat())
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let Some((time, signature)) = signature.split_first_chunk::<8>() else { return false };
        let said = [format!("cosignature/v1\ntime {}\n", u64::from_be_bytes(*time)).as_bytes(), text].concat();
        UnparsedPublicKey::new(&ED25519, &self.1).verify(&said, signature).is_ok()
    }
}

/// Names, IDs of keys, lines and signatures. [LOG-20] [LOG-21] [LOG-22]
#[test]
fn another_program_reads_and_verifies_our_notes() {
    let signed = Log::new("shelter").cosigned(SIZE);
    let note = signed_note::Note::from_bytes(&signed.to_bytes()).unwrap();
    assert_eq!(note.to_bytes(), signed.to_bytes());
    assert_eq!(note.text(), signed.claimed().text().as_bytes());
    let own = NoteKey::verifier(&signed.claimed().origin.text(), SignatureType::Ed25519, key("shelter").public());
    let mut known: Vec<Box<dyn signed_note::Verifier>> =
        vec![Box::new(signed_note::StandardVerifier::new(&own).unwrap())];
    for name in ["north", "south"] {
        let own = key(name).public().as_bytes().as_slice().try_into().unwrap();
        known.push(Box::new(Cosigner(format!("uput/v1/{}", witness(name)), own)));
    }
    let (verified, unknown) = note.verify(&signed_note::VerifierList::new(known)).unwrap();
    assert_eq!((verified.len(), unknown.len()), (3, 0));
}

/// A note that another program signed is one of ours. [LOG-23]
#[test]
fn we_read_and_verify_the_note_of_another_program() {
    let text = Log::new("shelter").checkpoint(SIZE).claimed().text();
    let name = text.lines().next().unwrap();
    let own = key("shelter");
    let verifier = NoteKey::verifier(name, SignatureType::Ed25519, own.public());
    let id = verifier.split('+').nth(1).unwrap();
    let secret = base64(&[&[1], &own.expose_seed()[..]].concat());
    let signer = signed_note::StandardSigner::new(&format!("PRIVATE+KEY+{name}+{id}+{secret}")).unwrap();
    let mut note = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let signed = SignedCheckpoint::parse(&note.to_bytes()).unwrap();
    assert_eq!(signed.verify(own.public()).unwrap().text(), text);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
