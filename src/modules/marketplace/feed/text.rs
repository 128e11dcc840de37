//! What kind of bytes a file holds: its encoding, or why it is no text. One pass, constant memory.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use encoding_rs::{CoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

use super::FeedError;

const BLOCK_BYTES: usize = 64 * 1024;
const HEAD_BYTES: usize = 1024;
/// A file with this many intact characters beyond ASCII for each broken byte is UTF-8 with a few lost
/// characters: Windows-1252 text forms valid UTF-8 sequences only by rare accident.
const INTACT_PER_BROKEN: u64 = 20;

/// Character encoding of a feed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TextEncoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

/// What one pass over the bytes tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TextProfile {
    pub encoding: TextEncoding,
    /// Length of the byte order mark.
    pub mark: u64,
    /// Lines end in a carriage return alone.
    pub cr_only: bool,
}

impl TextProfile {
    /// Whether the file can be read as it is, by byte offsets.
    pub fn is_plain(&self) -> bool {
        self.encoding == TextEncoding::Utf8 && !self.cr_only
    }
}

/// Reads the whole file once. Refuses what is empty, binary, or text of another kind than rows.
pub(super) fn inspect(path: &Path) -> Result<TextProfile, FeedError> {
    let mut file = File::open(path)?;
    let mut block = vec![0; BLOCK_BYTES];
    let mut length = read_block(&mut file, &mut block)?;
    let (declared, mark) = byte_order_mark(&block[..length]);
    refuse_other_kinds(&block[..length.min(HEAD_BYTES)], declared)?;

    let wide = matches!(declared, Some(TextEncoding::Utf16Le | TextEncoding::Utf16Be));
    let mut count = Utf8Count::default();
    let (mut line_feeds, mut returns, mut visible, mut skip) = (0_u64, 0_u64, false, mark as usize);
    while length > 0 {
        for &byte in &block[..length] {
            line_feeds += u64::from(byte == b'\n');
            returns += u64::from(byte == b'\r');
            if byte == 0 && !wide {
                return Err(FeedError::NotAFeed("it holds binary data".into()));
            }
        }
        let text = &block[skip.min(length)..length];
        skip = 0;
        visible = visible || text.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != 0);
        if !wide {
            count.add(&block[..length]);
        }
        length = read_block(&mut file, &mut block)?;
    }
    if !visible {
        return Err(FeedError::Empty);
    }
    count.finish();
    let encoding = match declared {
        Some(encoding) => encoding,
        None if count.broken == 0 || count.intact > INTACT_PER_BROKEN * count.broken => TextEncoding::Utf8,
        None => TextEncoding::Windows1252,
    };
    Ok(TextProfile { encoding, mark, cr_only: line_feeds == 0 && returns > 0 })
}

/// Writes `source` to `target` as UTF-8 without a mark, with line feeds where it had carriage returns alone.
///
/// Deterministic: the same source makes the same target, so that offsets hold on another machine too.
pub(super) fn transcode(source: &Path, target: &Path, profile: TextProfile) -> Result<(), FeedError> {
    let encoding = match profile.encoding {
        TextEncoding::Utf8 => encoding_rs::UTF_8,
        TextEncoding::Utf16Le => UTF_16LE,
        TextEncoding::Utf16Be => UTF_16BE,
        TextEncoding::Windows1252 => WINDOWS_1252,
    };
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut input = File::open(source)?;
    let mut output = BufWriter::new(File::create(target)?);
    let (mut block, mut decoded) = (vec![0; BLOCK_BYTES], vec![0; 3 * BLOCK_BYTES]);
    loop {
        let length = read_block(&mut input, &mut block)?;
        let (last, mut from) = (length == 0, 0);
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(&block[from..length], &mut decoded, last);
            from += read;
            let text = &mut decoded[..written];
            if text.contains(&0) {
                return Err(FeedError::NotAFeed("it holds binary data".into()));
            }
            if profile.cr_only {
                text.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
            }
            output.write_all(text)?;
            if result == CoderResult::InputEmpty {
                break;
            }
        }
        if last {
            output.flush()?;
            return Ok(());
        }
    }
}

fn read_block(input: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < block.len() {
        match input.read(&mut block[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

fn byte_order_mark(head: &[u8]) -> (Option<TextEncoding>, u64) {
    if head.starts_with(b"\xEF\xBB\xBF") {
        (Some(TextEncoding::Utf8), 3)
    } else if head.starts_with(b"\xFF\xFE") {
        (Some(TextEncoding::Utf16Le), 2)
    } else if head.starts_with(b"\xFE\xFF") {
        (Some(TextEncoding::Utf16Be), 2)
    } else {
        (None, 0)
    }
}

/// Names the usual wrong files, because "no columns recognised" would send people looking at their columns.
fn refuse_other_kinds(head: &[u8], declared: Option<TextEncoding>) -> Result<(), FeedError> {
    let signatures: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "it is a ZIP archive or an Excel workbook; export it as CSV or text"),
        (b"\x89PNG", "it is a picture"),
        (b"\xFF\xD8\xFF", "it is a picture"),
        (b"\x1F\x8B", "it is compressed with gzip; unpack it first"),
        (b"%PDF", "it is a PDF document"),
        (b"\xD0\xCF\x11\xE0", "it is an old Excel workbook; export it as CSV or text"),
    ];
    if let Some((_, what)) = signatures.iter().find(|(signature, _)| head.starts_with(signature)) {
        return Err(FeedError::NotAFeed((*what).into()));
    }
    let text = match declared {
        Some(TextEncoding::Utf16Le) => UTF_16LE.decode(head).0,
        Some(TextEncoding::Utf16Be) => UTF_16BE.decode(head).0,
        _ => String::from_utf8_lossy(head),
    };
    let text = text.trim_start_matches('\u{FEFF}').trim_start().to_ascii_lowercase();
    if text.starts_with("<!doctype html") || text.starts_with("<html") || text.starts_with("<head") {
        return Err(FeedError::NotAFeed("it is a web page; the address may need a login".into()));
    }
    if text.starts_with('<') {
        return Err(FeedError::FormatNotSupported("XML"));
    }
    // A delimited header may begin with a quote or a letter, never with one of these.
    if text.starts_with('{') || text.starts_with('[') {
        return Err(FeedError::NotAFeed("it is JSON".into()));
    }
    Ok(())
}

/// Counts characters beyond ASCII that are valid UTF-8, and bytes that are not, across blocks.
#[derive(Default)]
struct Utf8Count {
    intact: u64,
    broken: u64,
    carry: Vec<u8>,
}

impl Utf8Count {
    fn add(&mut self, block: &[u8]) {
        let joined;
        let mut rest = block;
        if !self.carry.is_empty() {
            joined = [self.carry.as_slice(), block].concat();
            self.carry.clear();
            rest = &joined;
        }
        while let Err(error) = std::str::from_utf8(rest) {
            let (valid, after) = rest.split_at(error.valid_up_to());
            self.intact += lead_bytes(valid);
            let Some(skip) = error.error_len() else {
                self.carry.extend_from_slice(after);
                return;
            };
            self.broken += 1;
            rest = &after[skip..];
        }
        self.intact += lead_bytes(rest);
    }

    fn finish(&mut self) {
        self.broken += u64::from(!self.carry.is_empty());
    }
}

fn lead_bytes(valid: &[u8]) -> u64 {
    valid.iter().filter(|byte| **byte >= 0xC0).count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::test_files::TempFile;
    use super::*;

    fn encoding_of(bytes: &[u8]) -> TextEncoding {
        inspect(TempFile::new(bytes).path()).unwrap().encoding
    }

    #[test]
    fn one_byte_at_the_far_end_decides_for_windows_1252() {
        let mut bytes = "id\ttitle\n".repeat(20_000).into_bytes();
        assert_eq!(encoding_of(&bytes), TextEncoding::Utf8);
        bytes.extend(b"1\tCaf\xE9\n");
        assert_eq!(encoding_of(&bytes), TextEncoding::Windows1252);
    }

    #[test]
    fn a_character_across_blocks_is_whole() {
        for shift in 0..4 {
            let text = format!("{}{}", "x".repeat(BLOCK_BYTES - shift), "€");
            assert_eq!(encoding_of(text.as_bytes()), TextEncoding::Utf8, "shift {shift}");
        }
    }

    #[test]
    fn utf8_with_few_broken_bytes_stays_utf8() {
        let mut bytes = "é".repeat(100).into_bytes();
        bytes.push(0xE9);
        assert_eq!(encoding_of(&bytes), TextEncoding::Utf8);
        assert_eq!(encoding_of(b"\xEF\xBB\xBFid\ttitle\n1\t\xE9"), TextEncoding::Utf8);
    }

    #[test]
    fn transcodes_windows_1252_utf16_and_lone_returns() {
        let cases: [(&[u8], &str); 4] = [
            (b"caf\xE9 19,99 \x80\n", "café 19,99 €\n"),
            (b"\xFF\xFEi\0d\0\xE9\0", "idé"),
            (b"\xFE\xFF\0i\0d\0\xE9", "idé"),
            (b"\xEF\xBB\xBFid\rb\r", "id\nb\n"),
        ];
        for (bytes, expected) in cases {
            let (source, target) = (TempFile::new(bytes), TempFile::new(b""));
            let profile = inspect(source.path()).unwrap();
            assert!(!profile.is_plain());
            transcode(source.path(), target.path(), profile).unwrap();
            assert_eq!(std::fs::read_to_string(target.path()).unwrap(), expected);
        }
    }

    #[test]
    fn other_kinds_of_files_are_named() {
        let cases: [(&[u8], &str, &str); 12] = [
            (b"", "FEED_EMPTY", "empty"),
            (b" \r\n\n", "FEED_EMPTY", "empty"),
            (b"\xEF\xBB\xBF", "FEED_EMPTY", "empty"),
            (b"PK\x03\x04abc", "FEED_NOT_RECOGNISED", "ZIP"),
            (b"\x89PNG\r\n\x1a\n", "FEED_NOT_RECOGNISED", "picture"),
            (b"id\ttitle\n1\ta\0b\n", "FEED_NOT_RECOGNISED", "binary"),
            (b"\n <!DOCTYPE HTML><html>", "FEED_NOT_RECOGNISED", "web page"),
            (b"{\"id\": 1}", "FEED_NOT_RECOGNISED", "JSON"),
            (b"[1]", "FEED_NOT_RECOGNISED", "JSON"),
            (b"\xEF\xBB\xBF<?xml version=\"1.0\"?><rss/>", "FEED_FORMAT_NOT_SUPPORTED", "XML"),
            (b"<feed/>", "FEED_FORMAT_NOT_SUPPORTED", "XML"),
            (b"\xFF\xFE<\0r\0s\0s\0", "FEED_FORMAT_NOT_SUPPORTED", "XML"),
        ];
        for (bytes, code, word) in cases {
            let error = inspect(TempFile::new(bytes).path()).unwrap_err();
            assert_eq!(error.code(), code, "{bytes:?}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    proptest! {
        #[test]
        fn counting_in_pieces_equals_the_whole(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..200_usize) {
            let cut = cut.min(bytes.len());
            let (mut whole, mut pieces) = (Utf8Count::default(), Utf8Count::default());
            whole.add(&bytes);
            pieces.add(&bytes[..cut]);
            pieces.add(&bytes[cut..]);
            whole.finish();
            pieces.finish();
            prop_assert_eq!((whole.intact, whole.broken), (pieces.intact, pieces.broken));
            prop_assert_eq!(whole.broken == 0, std::str::from_utf8(&bytes).is_ok());
        }
    }
}
