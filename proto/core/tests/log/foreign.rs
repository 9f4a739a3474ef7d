//! Our trees held against `ct-merkle`, which is not ours.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use sha2::Sha256;
use uput_core::log::{Hash, Tree};

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
