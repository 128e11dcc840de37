//! Whole files: made ones for each rule of the dialect, and real ones where they are at hand.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use chrono_tz::Europe::Luxembourg;
use proptest::prelude::*;

use super::test_files::TempFile;
use super::*;

const LIMITS: FeedLimits = FeedLimits { max_bytes: 1 << 30 };

fn options(currency: Currency) -> FeedOptions {
    FeedOptions { currency, time_zone: Luxembourg, tax_rates_bp: vec![0, 300, 800, 1400, 1700] }
}

/// A file with its plan; the copy is removed at the end.
struct Prepared {
    path: PathBuf,
    plan: FeedPlan,
    _copy: TempFile,
}

fn prepared(source: &Path) -> Result<Prepared, FeedError> {
    let copy = TempFile::new(b"");
    let plan = prepare(source, copy.path(), None, &LIMITS)?;
    let path = if plan.uses_copy() { copy.path() } else { source }.to_owned();
    Ok(Prepared { path, plan, _copy: copy })
}

fn read_all(file: &Prepared, currency: Currency) -> Vec<FeedRow> {
    let reader = FeedReader::open(&file.path, &file.plan, file.plan.start(), options(currency)).unwrap();
    reader.map(Result::unwrap).collect()
}

fn read_bytes(bytes: &[u8]) -> (FeedPlan, Vec<FeedRow>) {
    let source = TempFile::new(bytes);
    let file = prepared(source.path()).unwrap();
    let rows = read_all(&file, Currency::EUR);
    (file.plan, rows)
}

/// Reads in slices of `size` rows, plan and position going through JSON in between, as between two jobs.
fn read_in_slices(file: &Prepared, size: usize) -> Vec<FeedRow> {
    let (mut rows, mut position) = (Vec::new(), file.plan.start());
    loop {
        let plan: FeedPlan = serde_json::from_str(&serde_json::to_string(&file.plan).unwrap()).unwrap();
        let at = serde_json::from_str(&serde_json::to_string(&position).unwrap()).unwrap();
        let mut reader = FeedReader::open(&file.path, &plan, at, options(Currency::EUR)).unwrap();
        let slice: Vec<FeedRow> = reader.by_ref().take(size).map(Result::unwrap).collect();
        position = reader.position();
        let last = slice.len() < size;
        rows.extend(slice);
        assert_eq!(position.rows(), rows.len() as u64);
        if last {
            assert_eq!(plan.progress(&position), 1.0);
            return rows;
        }
    }
}

fn titles(rows: &[FeedRow]) -> Vec<&str> {
    rows.iter().filter_map(|row| row.staged.as_ref()).map(|staged| staged.title.as_str()).collect()
}

/// Letzshop's file of three products in one language, as its first columns are published.
fn letzshop(titles: [&str; 3], description: &str) -> String {
    let mut text = String::from(
        "id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tprice\tavailability\tbrand\tgtin\t\
         ls:tax_rate\tls:boost_sort\tls:delivery_method\tls:preorder_days\n",
    );
    let rest = [
        "19.99 EUR\tin_stock\tMosel\t4006381333931\t17\t10.0\tnationwide\t",
        "4,50 €\tout_of_stock\tMosel\t96385074\t3\t0.5\tself_collect\t",
        "120 EUR\tpreorder\tMosel\t\t8\t\tpackage_delivery\t14",
    ];
    for (number, (title, rest)) in titles.iter().zip(rest).enumerate() {
        let at = "https://shop.lu/";
        text += &format!(
            "L-{number}\t{title}\t{description}\t{at}{number}\t{at}{number}.jpg\t{at}a.jpg,{at}b.jpg\t{rest}\n"
        );
    }
    text
}

#[test]
fn letzshop_files_of_three_languages_have_the_same_products() {
    let files = [
        letzshop(["Chair", "Book", "Lamp"], "Handmade"),
        letzshop(["Chaise à bascule", "Bücher & livres", "Lampe d'été"], "Fait à la main"),
        letzshop(["Schaukelstuhl", "Buch", "Lampe für draußen"], "Größe 7\" – handgemacht"),
    ];
    let mut ids = HashSet::new();
    for (text, title) in files.iter().zip(["Chair", "Chaise à bascule", "Schaukelstuhl"]) {
        let (plan, rows) = read_bytes(text.as_bytes());
        assert_eq!((plan.format(), plan.encoding()), (FeedFormat::Letzshop, TextEncoding::Utf8));
        assert!(!plan.uses_copy());
        assert_eq!(rows.iter().map(|row| row.issues.len()).sum::<usize>(), 0);
        let staged: Vec<&StagedRow> = rows.iter().map(|row| row.staged.as_ref().unwrap()).collect();
        assert_eq!(staged[0].title, title);
        assert_eq!(staged.iter().map(|row| row.price_minor).collect::<Vec<_>>(), [1999, 450, 12_000]);
        assert_eq!(staged.iter().map(|row| row.tax_rate_bp.unwrap()).collect::<Vec<_>>(), [1700, 300, 800]);
        assert_eq!(
            staged.iter().map(|row| row.boost_sort).collect::<Vec<_>>(),
            [Some(10_000), Some(500), None]
        );
        assert_eq!((staged[2].preorder_days, staged[2].additional_image_links.len()), (Some(14), 2));
        ids.extend(staged.iter().map(|row| row.external_id.clone()));
    }
    assert_eq!(ids.len(), 3);
}

#[test]
fn one_feed_in_every_encoding_and_delimiter_gives_the_same_rows() {
    let text = letzshop(["Chaise à bascule", "Bücher", "Lampe d'été"], "Größe: à voir, 5 € en plus");
    let (_, expected) = read_bytes(text.as_bytes());
    assert_eq!(expected.len(), 3);
    let windows = encoding_rs::WINDOWS_1252.encode(&text).0.into_owned();
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let mut table = csv::WriterBuilder::new();
    let delimited = |delimiter: u8| {
        let mut writer = table.delimiter(delimiter).from_writer(Vec::new());
        text.lines().for_each(|line| writer.write_record(line.split('\t')).unwrap());
        writer.into_inner().unwrap()
    };
    let mut variants: Vec<Vec<u8>> = [b',', b';', b'|', b'\t'].map(delimited).into();
    variants.extend([
        windows,
        [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
        [b"\xFF\xFE".as_slice(), &wide(u16::to_le_bytes)].concat(),
        [b"\xFE\xFF".as_slice(), &wide(u16::to_be_bytes)].concat(),
        text.replace('\n', "\r\n").into_bytes(),
        text.replace('\n', "\r").into_bytes(),
        text.to_uppercase()
            .lines()
            .next()
            .unwrap()
            .bytes()
            .chain(text[text.find('\n').unwrap()..].bytes())
            .collect(),
    ]);
    for variant in variants {
        let (_, rows) = read_bytes(&variant);
        assert_eq!(rows, expected, "{}", String::from_utf8_lossy(&variant[..80]));
    }
}

#[test]
fn numbers_and_lines_of_rows_skip_blank_lines_only() {
    let text = "\n id,title,price \n\nA,\"two\nlines\",1\n,,\n  \nB,x\nC,y,2,,\nD,z,3,4\nE,last,5";
    let (_, rows) = read_bytes(text.as_bytes());
    let seen: Vec<_> = rows.iter().map(|row| (row.number, row.line, row.staged.is_some())).collect();
    assert_eq!(seen, [(1, 4, true), (2, 8, false), (3, 9, true), (4, 10, false), (5, 11, true)]);
    assert_eq!(titles(&rows), ["two lines", "y", "last"]);
    for bad in [&rows[1], &rows[3]] {
        assert_eq!(bad.issues.len(), 1);
        assert_eq!((bad.issues[0].code, bad.issues[0].row), (IssueCode::ColumnCount, bad.number));
    }
}

#[test]
fn rows_that_break_the_frame_cost_themselves_alone() {
    let long = "x".repeat(70_000);
    let text = format!("id,title,price\nA,\"a, b\",1\nB,\"open,2\nC,c,3\nD,{long},4\nE,e,5\n");
    let (_, rows) = read_bytes(text.as_bytes());
    assert_eq!(titles(&rows), ["a, b", "c", "e"]);
    let codes: Vec<_> = rows
        .iter()
        .flat_map(|row| &row.issues)
        .map(|issue| (issue.row, issue.column.as_deref(), issue.code))
        .collect();
    assert_eq!(codes, [(2, None, IssueCode::UnclosedQuote), (4, Some("title"), IssueCode::TooLong)]);
}

#[test]
fn more_than_a_hundred_columns() {
    let names: String = (0..150).map(|number| format!(";x{number}")).collect();
    let values: String = (0..150).map(|number| format!(";{number}")).collect();
    let (_, rows) = read_bytes(format!("id;title;price{names}\nA;a;1{values}\n").as_bytes());
    assert_eq!(rows[0].staged.as_ref().unwrap().extra.len(), 150);
    assert_eq!(rows[0].staged.as_ref().unwrap().extra["x149"], "149");
}

#[test]
fn a_header_alone_is_a_feed_without_rows() {
    for text in ["id,title,price", "id,title,price\n\n"] {
        let (plan, rows) = read_bytes(text.as_bytes());
        assert_eq!((rows.len(), plan.start().rows()), (0, 0));
    }
}

#[test]
fn a_changed_or_too_large_file_is_refused() {
    let source = TempFile::new(b"id,title,price\nA,a,1\n");
    let file = prepared(source.path()).unwrap();
    let small = FeedLimits { max_bytes: 20 };
    assert_eq!(prepare(source.path(), &file.path, None, &small).unwrap_err().code(), "FEED_TOO_LARGE");
    std::fs::write(source.path(), b"id,title,price\nA,a,1\nB,b,2\n").unwrap();
    let opened = FeedReader::open(source.path(), &file.plan, file.plan.start(), options(Currency::EUR));
    assert_eq!(opened.err().map(|error| error.code()), Some("FEED_CHANGED"));
}

#[test]
fn the_copy_can_be_made_again() {
    let source = TempFile::new(b"id,title,price\nA,caf\xE9,1\n");
    let file = prepared(source.path()).unwrap();
    assert!(file.plan.uses_copy());
    let again = TempFile::new(b"");
    file.plan.copy_again(source.path(), again.path()).unwrap();
    assert_eq!(std::fs::read(again.path()).unwrap(), "id,title,price\nA,café,1\n".as_bytes());
    let other = TempFile::new(b"id,title,price\n");
    assert_eq!(file.plan.copy_again(other.path(), again.path()).unwrap_err().code(), "FEED_CHANGED");
}

fn hostile_file() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => prop::sample::select(b"\",;\t\n\r |19.EUR\xE9\xC3\xEF\0".to_vec()),
        1 => any::<u8>(),
    ];
    let header = prop::sample::select(vec![
        "",
        "id,title,price\n",
        "id\ttitle\tprice\n",
        "\u{FEFF}\"id\";title;price\r\n",
    ]);
    (header, prop::collection::vec(byte, 0..300))
        .prop_map(|(header, tail)| [header.as_bytes(), &tail].concat())
}

proptest! {
    /// Whatever the bytes: a refusal, or rows that end, each staged or with an error; and slices change nothing.
    #[test]
    fn any_bytes_end_and_slices_agree(bytes in hostile_file(), size in 1..5_usize) {
        let source = TempFile::new(&bytes);
        if let Ok(file) = prepared(source.path()) {
            let rows = read_all(&file, Currency::EUR);
            prop_assert!(rows.len() <= bytes.len() + 1);
            for (row, number) in rows.iter().zip(1..) {
                prop_assert_eq!(row.number, number);
                let refused = row.issues.iter().any(|issue| issue.severity == Severity::Error);
                prop_assert_eq!(row.staged.is_none(), refused);
            }
            prop_assert_eq!(read_in_slices(&file, size), rows);
        }
    }
}

/// The folder of real feeds, which belong to others and are not in the repository: beside it, or further up.
fn real_feeds() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found =
        root.ancestors().skip(1).map(|folder| folder.join("shared/feeds")).find(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("skipped: there is no folder shared/feeds");
    }
    found
}

/// What a separate count of a real feed says.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    rows: usize,
    ids: usize,
    errors: usize,
    /// Sum of the prices in minor units, of rows that are staged.
    prices: i64,
    sales: usize,
    gtins: usize,
    brands: usize,
    groups: usize,
    out_of_stock: usize,
    /// Characters of all titles of staged rows.
    titles: usize,
}

fn count(rows: &[FeedRow]) -> Counts {
    let staged: Vec<&StagedRow> = rows.iter().filter_map(|row| row.staged.as_ref()).collect();
    let number = |test: fn(&StagedRow) -> bool| staged.iter().filter(|row| test(row)).count();
    Counts {
        rows: rows.len(),
        ids: staged.iter().map(|row| row.external_id.as_str()).collect::<HashSet<_>>().len(),
        errors: rows
            .iter()
            .flat_map(|row| &row.issues)
            .filter(|issue| issue.severity == Severity::Error)
            .count(),
        prices: staged.iter().map(|row| row.price_minor).sum(),
        sales: number(|row| row.sale_price_minor.is_some()),
        gtins: number(|row| row.gtin.is_some()),
        brands: number(|row| row.brand.is_some()),
        groups: staged.iter().filter_map(|row| row.item_group_id.as_deref()).collect::<HashSet<_>>().len(),
        out_of_stock: number(|row| row.availability == StagedAvailability::OutOfStock),
        titles: staged.iter().map(|row| row.title.chars().count()).sum(),
    }
}

/// Warnings by column and code.
fn warnings(rows: &[FeedRow]) -> BTreeMap<(String, &'static str), usize> {
    let mut found = BTreeMap::new();
    for issue in rows.iter().flat_map(|row| &row.issues).filter(|issue| issue.severity == Severity::Warning) {
        *found.entry((issue.column.clone().unwrap_or_default(), issue.code.as_str())).or_default() += 1;
    }
    found
}

/// The expected figures were counted by a script that shares nothing with this reader.
#[test]
fn real_feeds_are_read_as_counted() {
    let Some(folder) = real_feeds() else { return };
    let counts = |row: [i64; 10]| {
        let [rows, ids, errors, prices, sales, gtins, brands, groups, out_of_stock, titles] = row;
        let number = |value: i64| usize::try_from(value).unwrap();
        Counts {
            rows: number(rows),
            ids: number(ids),
            errors: number(errors),
            prices,
            sales: number(sales),
            gtins: number(gtins),
            brands: number(brands),
            groups: number(groups),
            out_of_stock: number(out_of_stock),
            titles: number(titles),
        }
    };
    type Expected<'a> = (&'a str, Currency, [i64; 10], &'a [(&'a str, &'static str, usize)]);
    let expected: [Expected<'_>; 8] = [
        ("google-awin-eur.csv", Currency::EUR, [48, 48, 0, 439_200, 0, 0, 48, 0, 0, 533], &[]),
        (
            "google-cj-no-currency.csv",
            Currency::EUR,
            [96, 96, 0, 3_640_400, 0, 0, 96, 0, 15, 2688],
            &[("description", "REQUIRED", 3)],
        ),
        (
            "google-gifts-ar-capital-headers.csv",
            Currency::AED,
            [263, 263, 0, 10_720_600, 263, 0, 263, 0, 0, 7698],
            &[],
        ),
        (
            "google-openai-foodtrailer-nzd.csv",
            Currency::NZD,
            [13, 13, 0, 36_070_000, 0, 0, 13, 0, 0, 224],
            &[],
        ),
        (
            "google-shoes-variants.csv",
            Currency::SGD,
            [1610, 1610, 0, 30_504_600, 730, 1610, 1610, 316, 0, 62_343],
            &[],
        ),
        (
            "google-mesbonbons-be-fr-excerpt.tsv",
            Currency::EUR,
            [15, 15, 0, 13_236, 0, 15, 15, 0, 3, 470],
            &[],
        ),
        ("google-variants-eur.tsv", Currency::EUR, [22, 22, 0, 510_800, 0, 22, 22, 6, 0, 948], &[]),
        (
            "google-webpets-ars.tsv",
            Currency::ARS,
            [381, 381, 0, 386_082_495, 0, 0, 381, 0, 0, 9355],
            &[("description", "ENCODING", 1)],
        ),
    ];
    for (name, currency, row, warned) in expected {
        let file = prepared(&folder.join(name)).unwrap();
        assert_eq!(file.plan.format(), FeedFormat::Google, "{name}");
        let rows = read_all(&file, currency);
        assert_eq!(count(&rows), counts(row), "{name}");
        let warned =
            warned.iter().map(|(column, code, number)| ((column.to_string(), *code), *number)).collect();
        assert_eq!(warnings(&rows), warned, "{name}");
    }
}

/// The largest real file; also prints how long it takes, because a reading time is a promise.
#[test]
fn the_flipkart_sample_is_read_as_counted() {
    let Some(folder) = real_feeds() else { return };
    let path = folder.join("flipkart-20000.google.tsv");
    let begin = std::time::Instant::now();
    let file = prepared(&path).unwrap();
    let planned = begin.elapsed();
    let rows = read_all(&file, Currency::INR);
    eprintln!("flipkart: planned in {planned:?}, planned and read in {:?}", begin.elapsed());
    let found = count(&rows);
    assert_eq!((found.rows, found.ids, found.errors), (20_000, 19_920, 78));
    assert_eq!((found.prices, found.sales), (5_935_174_400, 17_635));
    let (missing, staged): (Vec<&FeedRow>, Vec<&FeedRow>) = rows.iter().partition(|row| row.staged.is_none());
    for row in &missing {
        let issue = row.issues.iter().find(|issue| issue.severity == Severity::Error).unwrap();
        assert_eq!(
            (issue.column.as_deref(), issue.code, issue.row),
            (Some("price"), IssueCode::Required, row.number)
        );
    }
    assert_eq!((missing.len(), staged.len()), (78, 19_922));
    assert_eq!(titles(&rows).iter().filter(|title| title.contains('"')).count(), 31);
    let warned = warnings(&rows);
    assert_eq!(warned.values().sum::<usize>(), 13);
    assert_eq!(warned[&("title".to_string(), "TOO_LONG")], 9);
    assert_eq!(
        warned.iter().filter(|((_, code), _)| *code == "ENCODING").map(|(_, number)| number).sum::<usize>(),
        4
    );
}

#[test]
fn real_files_of_other_formats_are_refused_by_name() {
    let Some(folder) = real_feeds() else { return };
    let mut refused = BTreeMap::<&str, usize>::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let kind = ["shopify-", ".xml", "taxonomy"].into_iter().find(|kind| name.contains(kind));
        let Some(kind) = kind else { continue };
        let code = if kind == "taxonomy" { "FEED_NOT_RECOGNISED" } else { "FEED_FORMAT_NOT_SUPPORTED" };
        assert_eq!(prepared(&path).err().map(|error| error.code()), Some(code), "{name}");
        *refused.entry(kind).or_default() += 1;
    }
    assert!(refused.values().sum::<usize>() > 20, "{refused:?}");
}
