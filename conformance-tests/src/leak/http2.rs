//! What one direction of an HTTP/2 connection says: the bodies of its streams, and the text of its headers (RFC 9113).
//!
//! Reads what it can: a search wants every byte, whether or not the frames are in order.

use std::collections::BTreeMap;

use super::huffman::Huffman;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

/// Both, each as one string of bytes.
#[derive(Default)]
pub(super) struct Said {
    /// Of each stream the data frames, one after the other.
    pub(super) bodies: Vec<Vec<u8>>,
    /// Names and values of headers, decoded.
    pub(super) headers: Vec<Vec<u8>>,
    /// Frames that were read.
    pub(super) frames: u64,
}

/// Reads one direction.
pub(super) fn read(bytes: &[u8], huffman: &Huffman) -> Said {
    let mut rest = bytes.strip_prefix(PREFACE).unwrap_or(bytes);
    let (mut said, mut bodies, mut block) = (Said::default(), BTreeMap::<u32, Vec<u8>>::new(), Vec::new());
    while let Some((&[a, b, c, kind, flags, d, e, f, g], then)) = rest.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let (payload, then) = then.split_at_checked(length).unwrap_or((then, &[]));
        (rest, said.frames) = (then, said.frames + 1);
        match kind {
            DATA => bodies.entry(u32::from_be_bytes([d, e, f, g])).or_default().extend(content(payload, flags, 0)),
            HEADERS => {
                read_block(&std::mem::take(&mut block), huffman, &mut said.headers);
                block.extend(content(payload, flags, if flags & PRIORITY == 0 { 0 } else { 5 }));
            }
            CONTINUATION => block.extend(payload),
            _ => {}
        }
    }
    read_block(&block, huffman, &mut said.headers);
    said.bodies = bodies.into_values().collect();
    said
}

/// A payload without padding, and without what stands before it.
fn content(payload: &[u8], flags: u8, before: usize) -> &[u8] {
    let padding = payload.first().filter(|_| flags & PADDED != 0).map_or(0, |length| usize::from(*length) + 1);
    let from = before + usize::from(padding > 0);
    payload.get(from..payload.len().saturating_sub(padding.saturating_sub(1))).unwrap_or(payload)
}

/// The strings of a block of headers (RFC 7541): what is an index was a string before.
fn read_block(block: &[u8], huffman: &Huffman, out: &mut Vec<Vec<u8>>) {
    let mut rest = block;
    while let Some(first) = rest.first().copied() {
        let (name_bits, literal) = match first {
            128.. => (7, false),
            64.. => (6, true),
            32.. => (5, false),
            _ => (4, true),
        };
        let Some(index) = number(&mut rest, name_bits) else { return };
        if literal {
            let strings = if index == 0 { 2 } else { 1 };
            for _ in 0..strings {
                let Some(text) = string(&mut rest, huffman) else { return };
                out.push(text);
            }
        }
    }
}

fn number(rest: &mut &[u8], bits: u32) -> Option<usize> {
    let (first, mut then) = rest.split_first()?;
    let mask = (1_usize << bits) - 1;
    let mut number = usize::from(*first) & mask;
    if number == mask {
        let mut shift = 0;
        loop {
            let (byte, after) = then.split_first()?;
            then = after;
            number = number.checked_add(usize::from(byte & 127).checked_shl(shift)?)?;
            shift += 7;
            if byte & 128 == 0 {
                break;
            }
        }
    }
    *rest = then;
    Some(number)
}

fn string(rest: &mut &[u8], huffman: &Huffman) -> Option<Vec<u8>> {
    let coded = rest.first()? & 128 != 0;
    let length = number(rest, 7)?;
    let (text, then) = rest.split_at_checked(length)?;
    *rest = then;
    Some(if coded { huffman.decode(text) } else { text.to_vec() })
}

/// A connection's beginning as a client says it: one header with a value, coded, and one body.
pub(super) fn request(value: &[u8], body: &[u8], huffman: &Huffman) -> Vec<u8> {
    let coded = huffman.encode(value);
    let mut block = vec![0x10, 1, b'x'];
    match u8::try_from(coded.len()) {
        Ok(length @ ..127) => block.push(0x80 | length),
        _ => {
            block.push(0x80 | 127);
            let mut length = coded.len().saturating_sub(127);
            while length > 127 {
                block.push(u8::try_from(length & 127).unwrap_or_default() | 128);
                length >>= 7;
            }
            block.push(u8::try_from(length).unwrap_or_default());
        }
    }
    block.extend(coded);
    let mut said = PREFACE.to_vec();
    said.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    frame(&mut said, HEADERS, 4, &block);
    for piece in body.chunks(999) {
        frame(&mut said, DATA, 0, piece);
    }
    said
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    out.extend(length.iter().skip(1));
    out.extend([kind, flags, 0, 0, 0, 1]);
    out.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_in_pieces_and_a_coded_header_are_read_as_they_were_said() {
        let huffman = Huffman::new();
        let body: Vec<u8> = (0..5000_u32).flat_map(u32::to_be_bytes).collect();
        let value = "a header's value ".repeat(20).into_bytes();
        let said = read(&request(&value, &body, &huffman), &huffman);
        assert!(said.bodies == [body] && said.headers == [b"x".to_vec(), value] && said.frames == 23);
    }

    #[test]
    fn padding_and_priority_are_not_content() {
        let mut bytes = Vec::new();
        frame(&mut bytes, HEADERS, 4 | PADDED | PRIORITY, &[2, 0, 0, 0, 0, 9, 0x10, 1, b'n', 2, b'v', b'w', 0, 0]);
        frame(&mut bytes, DATA, PADDED, &[3, b'b', b'c', 0, 0, 0]);
        let said = read(&bytes, &Huffman::new());
        assert!(said.headers == [b"n".to_vec(), b"vw".to_vec()] && said.bodies == [b"bc".to_vec()]);
    }
}
