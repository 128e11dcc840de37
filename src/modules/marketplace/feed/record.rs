//! Splitting delimited text into records, in bounded memory and with a byte offset at every record.
//!
//! The csv crate reads a record of any size before it answers, so that one quote which is never closed
//! takes the rest of the file into memory and into one row. Here a record has limits, and after a record
//! with broken quotes reading goes on at its second line: one bad row costs one row.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

/// Most bytes of one record, and so of one line.
pub(super) const MAX_ROW_BYTES: usize = 1024 * 1024;
/// Most bytes of one field.
pub(super) const MAX_FIELD_BYTES: usize = 64 * 1024;
/// Most fields of one record.
pub(super) const MAX_COLUMNS: usize = 1000;

const BUFFER_BYTES: usize = 64 * 1024;

/// What a double quote means in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Quoting {
    /// It encloses fields, as in RFC 4180: delimiters and line breaks inside, a quote as two.
    Rfc4180,
    /// It is a character like any other (`19" rack`), and every line is a record.
    Literal,
}

/// One record, kept and filled again for each, so that reading allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Physical line it begins on, from 1.
    pub line: u64,
    /// Physical lines it spans.
    pub lines: u64,
    /// Fields that were properly enclosed in quotes.
    pub quoted: usize,
    /// Fields that begin with a quote but are not properly enclosed; their quotes were kept.
    pub misquoted: usize,
}

impl Record {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The fields in order, undecoded and untrimmed.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied()).map(|(start, end)| &self.bytes[start..end])
    }

    /// Whether there is nothing but white space in it: an empty line, or one of delimiters only.
    pub fn is_blank(&self) -> bool {
        self.fields().all(|field| field.trim_ascii().is_empty())
    }

    fn clear(&mut self, line: u64) {
        self.bytes.clear();
        self.ends.clear();
        (self.line, self.lines, self.quoted, self.misquoted) = (line, 0, 0, 0);
    }

    fn field_start(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Ends the current field. False when it, or the number of fields, is beyond the limits.
    fn end_field(&mut self) -> bool {
        let bounded =
            self.bytes.len() - self.field_start() <= MAX_FIELD_BYTES && self.ends.len() < MAX_COLUMNS;
        self.ends.push(self.bytes.len());
        bounded
    }
}

/// Why a record could not be taken. The reader stands at the line after it (of the first line, for a quote).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadRecord {
    LineTooLong,
    /// Position of the field, from 0.
    FieldTooLong(usize),
    TooManyFields,
    UnclosedQuote,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Record,
    Bad(BadRecord),
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: its end, or the first half of a doubled one.
    QuoteInQuoted,
}

/// Reads records from an offset on.
pub(super) struct RecordReader<R> {
    input: BufReader<R>,
    offset: u64,
    line: u64,
    delimiter: u8,
    quoting: Quoting,
    raw: Vec<u8>,
}

impl<R: Read + Seek> RecordReader<R> {
    /// Begins at `offset`, which must be the start of a record; `line` is the number of that line, from 1.
    pub fn new(mut input: R, delimiter: u8, quoting: Quoting, offset: u64, line: u64) -> io::Result<Self> {
        input.seek(SeekFrom::Start(offset))?;
        let input = BufReader::with_capacity(BUFFER_BYTES, input);
        Ok(RecordReader { input, offset, line, delimiter, quoting, raw: Vec::new() })
    }

    /// Byte offset of the next record.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Physical line of the next record, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Fills `record` with the next one.
    pub fn next(&mut self, record: &mut Record) -> io::Result<Next> {
        record.clear(self.line);
        let begin = (self.offset, self.line);
        let mut second_line = begin;
        let mut state = State::FieldStart;
        loop {
            let Some(complete) = self.read_line()? else {
                return if record.lines == 0 { Ok(Next::End) } else { self.rewind(second_line) };
            };
            record.lines += 1;
            if record.lines == 1 {
                second_line = (self.offset, self.line);
            }
            let within_row = self.offset - begin.0 <= MAX_ROW_BYTES as u64;
            if !complete || !within_row {
                return if record.lines == 1 {
                    Ok(Next::Bad(BadRecord::LineTooLong))
                } else {
                    self.rewind(second_line)
                };
            }
            match split_line(&self.raw, self.delimiter, self.quoting, &mut state, record) {
                // What is wrong after a line break inside quotes is most likely the quote itself.
                Err(_) if record.lines > 1 => return self.rewind(second_line),
                Err(bad) => return Ok(Next::Bad(bad)),
                Ok(()) if state == State::Quoted => {}
                Ok(()) => return Ok(Next::Record),
            }
        }
    }

    /// Reads one line without its end into `raw`. None at the end of the file; false if it was too long and skipped.
    fn read_line(&mut self) -> io::Result<Option<bool>> {
        self.raw.clear();
        let mut read = (&mut self.input).take(MAX_ROW_BYTES as u64 + 1).read_until(b'\n', &mut self.raw)?;
        if read == 0 {
            return Ok(None);
        }
        let complete = self.raw.last() == Some(&b'\n') || read <= MAX_ROW_BYTES;
        if !complete {
            read += self.input.skip_until(b'\n')?;
        }
        self.offset += read as u64;
        self.line += 1;
        if self.raw.last() == Some(&b'\n') {
            self.raw.pop();
        }
        if self.raw.last() == Some(&b'\r') {
            self.raw.pop();
        }
        Ok(Some(complete))
    }

    fn rewind(&mut self, (offset, line): (u64, u64)) -> io::Result<Next> {
        let back = i64::try_from(self.offset - offset).map_err(io::Error::other)?;
        self.input.seek_relative(-back)?;
        (self.offset, self.line) = (offset, line);
        Ok(Next::Bad(BadRecord::UnclosedQuote))
    }
}

/// Adds one line to the record. Afterwards `state` is `Quoted` when the record goes on in the next line.
fn split_line(
    line: &[u8],
    delimiter: u8,
    quoting: Quoting,
    state: &mut State,
    record: &mut Record,
) -> Result<(), BadRecord> {
    for &byte in line {
        *state = match *state {
            State::FieldStart if byte == b'"' && quoting == Quoting::Rfc4180 => State::Quoted,
            State::FieldStart | State::Plain if byte == delimiter => {
                end_field(record)?;
                State::FieldStart
            }
            State::FieldStart | State::Plain => {
                record.bytes.push(byte);
                State::Plain
            }
            State::Quoted if byte == b'"' => State::QuoteInQuoted,
            State::Quoted => {
                record.bytes.push(byte);
                State::Quoted
            }
            State::QuoteInQuoted if byte == b'"' => {
                record.bytes.push(b'"');
                State::Quoted
            }
            State::QuoteInQuoted if byte == delimiter => {
                record.quoted += 1;
                end_field(record)?;
                State::FieldStart
            }
            State::QuoteInQuoted => {
                keep_quotes(record, byte)?;
                State::Plain
            }
        };
    }
    if *state == State::Quoted {
        record.bytes.push(b'\n');
        return match record.bytes.len() - record.field_start() > MAX_FIELD_BYTES {
            true => Err(BadRecord::UnclosedQuote),
            false => Ok(()),
        };
    }
    record.quoted += usize::from(*state == State::QuoteInQuoted);
    end_field(record)
}

fn end_field(record: &mut Record) -> Result<(), BadRecord> {
    if record.end_field() {
        return Ok(());
    }
    if record.ends.len() > MAX_COLUMNS {
        return Err(BadRecord::TooManyFields);
    }
    Err(BadRecord::FieldTooLong(record.ends.len() - 1))
}

/// `"Ink drop" earring`: the quotes turn out to be text. Over several lines the first one was rather a stray quote.
fn keep_quotes(record: &mut Record, byte: u8) -> Result<(), BadRecord> {
    let start = record.field_start();
    if record.bytes[start..].contains(&b'\n') {
        return Err(BadRecord::UnclosedQuote);
    }
    record.misquoted += 1;
    record.bytes.insert(start, b'"');
    record.bytes.extend([b'"', byte]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<Result<Vec<String>, BadRecord>>;

    fn read(text: &[u8], delimiter: u8, quoting: Quoting) -> Rows {
        let mut reader = RecordReader::new(Cursor::new(text), delimiter, quoting, 0, 1).unwrap();
        let (mut record, mut rows) = (Record::default(), Vec::new());
        loop {
            match reader.next(&mut record).unwrap() {
                Next::End => break,
                Next::Bad(bad) => rows.push(Err(bad)),
                Next::Record => {
                    rows.push(Ok(record.fields().map(|f| String::from_utf8_lossy(f).into_owned()).collect()))
                }
            }
        }
        assert_eq!(reader.offset(), text.len() as u64);
        rows
    }

    fn ok(fields: &[&str]) -> Result<Vec<String>, BadRecord> {
        Ok(fields.iter().map(|field| field.to_string()).collect())
    }

    #[test]
    fn quoted_fields_hold_delimiters_quotes_and_line_breaks() {
        let rows = read(b"a,\"b,\"\"c\"\"\r\nd\",\"\"\r\ne,f,g", b',', Quoting::Rfc4180);
        assert_eq!(rows, [ok(&["a", "b,\"c\"\nd", ""]), ok(&["e", "f", "g"])]);
    }

    #[test]
    fn literal_quotes_are_text() {
        let rows = read(b"1\t\"7\" tablet\n2\t9\"\n", b'\t', Quoting::Literal);
        assert_eq!(rows, [ok(&["1", "\"7\" tablet"]), ok(&["2", "9\""])]);
    }

    #[test]
    fn text_after_a_closing_quote_keeps_the_quotes() {
        let rows = read(b"\"Ink\" drop,7\" pipe\n", b',', Quoting::Rfc4180);
        assert_eq!(rows, [ok(&["\"Ink\" drop", "7\" pipe"])]);
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_one_row() {
        let rows = read(b"1,\"open\n2,b\n3,c\n", b',', Quoting::Rfc4180);
        assert_eq!(rows, [Err(BadRecord::UnclosedQuote), ok(&["2", "b"]), ok(&["3", "c"])]);
        // It is closed by the next quote of the file, but in the middle of text.
        let rows = read(b"1,\"open\n2,7\" pipe\n3,c\n", b',', Quoting::Rfc4180);
        assert_eq!(rows, [Err(BadRecord::UnclosedQuote), ok(&["2", "7\" pipe"]), ok(&["3", "c"])]);
    }

    #[test]
    fn limits_cost_one_row_each() {
        let long_field = "x".repeat(MAX_FIELD_BYTES + 1);
        let long_line = "y".repeat(MAX_ROW_BYTES + 1);
        let many = ",".repeat(MAX_COLUMNS);
        let text = format!("a,{long_field}\n{long_line}\n{many}\nb,c\n");
        let rows = read(text.as_bytes(), b',', Quoting::Rfc4180);
        let bad = [BadRecord::FieldTooLong(1), BadRecord::LineTooLong, BadRecord::TooManyFields];
        assert_eq!(rows, [Err(bad[0]), Err(bad[1]), Err(bad[2]), ok(&["b", "c"])]);
        let exact = format!("{}\n", "x".repeat(MAX_FIELD_BYTES));
        assert!(read(exact.as_bytes(), b',', Quoting::Rfc4180)[0].is_ok());
    }

    #[test]
    fn an_open_quote_is_given_up_at_the_field_limit() {
        let text = format!("1,\"open\n{}", "2,b\n".repeat(MAX_FIELD_BYTES));
        let rows = read(text.as_bytes(), b',', Quoting::Rfc4180);
        assert_eq!((rows.len(), &rows[0]), (MAX_FIELD_BYTES + 1, &Err(BadRecord::UnclosedQuote)));
    }

    proptest! {
        /// What the csv crate writes is read back unchanged, whatever the fields hold.
        #[test]
        fn reads_what_the_csv_crate_writes(
            rows in prop::collection::vec(prop::collection::vec("[ab,;\"\t\n é]{0,8}", 2..5), 1..8),
            delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let back: Vec<Vec<String>> =
                read(&text, delimiter, Quoting::Rfc4180).into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(back, rows);
        }

        /// Any bytes: no panic, an end, and not more rows than lines.
        #[test]
        fn arbitrary_bytes_end(text in prop::collection::vec(
            prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), Just(b'\r'), any::<u8>()], 0..400)) {
            for quoting in [Quoting::Rfc4180, Quoting::Literal] {
                let rows = read(&text, b',', quoting);
                prop_assert!(rows.len() <= text.iter().filter(|&&byte| byte == b'\n').count() + 1);
            }
        }
    }
}
