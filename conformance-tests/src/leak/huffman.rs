//! The code in which HTTP/2 writes the text of headers (RFC 7541, appendix B).
//!
//! The code is canonical: the lengths say it all.

/// Bits of the code of each byte.
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12,
    10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6,
    5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22,
    22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20,
    22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28,
    27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28,
    27, 27, 27, 27, 27, 26,
];

/// The code of a byte: its bits and how many.
fn code(byte: u8) -> (u32, u8) {
    let own = LENGTHS.get(usize::from(byte)).copied().unwrap_or_default();
    let mut next = 0_u32;
    let mut before = 0;
    for length in 1..=own {
        next = (next + before) << 1;
        before = LENGTHS.iter().filter(|other| **other == length).fold(0, |count, _| count + 1);
    }
    let smaller = LENGTHS.iter().take(usize::from(byte)).filter(|other| **other == own).fold(0, |count, _| count + 1);
    (next + smaller, own)
}

/// The code as a table, to be made once.
pub(super) struct Huffman(Vec<(u32, u8, u8)>);

impl Huffman {
    pub(super) fn new() -> Self {
        let mut codes: Vec<_> = (0..=u8::MAX)
            .map(|byte| {
                let (bits, length) = code(byte);
                (bits, length, byte)
            })
            .collect();
        codes.sort_unstable_by_key(|(bits, length, _)| (*length, *bits));
        Self(codes)
    }

    /// Bytes as text of a header.
    pub(super) fn encode(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bits = Vec::new();
        for byte in bytes {
            let (code, length) = code(*byte);
            bits.extend((0..length).rev().map(|at| code >> at & 1 == 1));
        }
        // What is left of the last byte is the beginning of the end sign: ones.
        bits.resize(bits.len().next_multiple_of(8), true);
        let (bytes, _) = bits.as_chunks::<8>();
        bytes.iter().map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
    }

    /// Text of a header as bytes, as far as it can be read.
    pub(super) fn decode(&self, coded: &[u8]) -> Vec<u8> {
        let (mut out, mut bits, mut length) = (Vec::new(), 0_u32, 0_u8);
        for bit in coded.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
            (bits, length) = (bits << 1 | u32::from(bit), length + 1);
            let found = self.0.binary_search_by_key(&(length, bits), |(bits, length, _)| (*length, *bits));
            if let Some((_, _, byte)) = found.ok().and_then(|at| self.0.get(at)) {
                out.push(*byte);
                (bits, length) = (0, 0);
            }
            if length > 30 {
                break;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_read_as_they_say() {
        let huffman = Huffman::new();
        // RFC 7541, C.4.1 and C.6.1.
        for (text, coded) in [
            (&b"www.example.com"[..], &[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff][..]),
            (b"private", &[0xae, 0xc3, 0x77, 0x1a, 0x4b]),
        ] {
            assert_eq!(huffman.encode(text), coded);
            assert_eq!(huffman.decode(coded), text);
        }
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(huffman.decode(&huffman.encode(&all)), all);
    }
}
