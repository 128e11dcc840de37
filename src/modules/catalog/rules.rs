//! Pure decisions of the catalog: slugs, option keys, availability, what of a reduction may be shown.

use chrono::{DateTime, Utc};

use super::model::{Availability, Policy, VariantOption};

/// So many or fewer on hand are `LOW`.
pub const LOW: i64 = 5;
/// Longest slug, in characters.
pub const MAX_SLUG: usize = 200;

/// What can be promised: on hand less reserved, plus what the policy allows beyond.
pub fn promised(policy: Policy, limit: i32, available: i64) -> i64 {
    match policy {
        Policy::Deny => available,
        Policy::Backorder | Policy::Preorder => available.saturating_add(i64::from(limit)),
    }
}

/// How a variant can be had. `available` is on hand less reserved over the sellable locations.
pub fn availability(
    unlimited: bool,
    policy: Policy,
    limit: i32,
    available: i64,
    available_from: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Availability {
    if unlimited {
        return Availability::Unlimited;
    }
    let promised = promised(policy, limit, available);
    if promised <= 0 {
        return Availability::Unavailable;
    }
    match policy {
        Policy::Preorder if available <= 0 || available_from.is_some_and(|from| from > now) => {
            Availability::Preorder
        }
        Policy::Backorder if available <= 0 => Availability::Backorder,
        _ if available <= LOW => Availability::Low,
        _ => Availability::Available,
    }
}

/// Whether one smallest basket of the variant can be taken now.
pub fn can_add(published: bool, priced: bool, unlimited: bool, promised: i64, min_quantity: i32) -> bool {
    published && priced && (unlimited || promised >= i64::from(min_quantity.max(1)))
}

/// What shoppers are told of a reduction: the compare-at price only above the price, and only together with the lowest
/// price of the 30 days before it (98/6/EC, article 6a; facts H).
pub fn shown_reduction(
    amount: Option<i64>,
    compare_at: Option<i64>,
    lowest_prior: Option<i64>,
) -> Option<(i64, i64)> {
    match (amount, compare_at, lowest_prior) {
        (Some(amount), Some(compare_at), Some(lowest)) if compare_at > amount => Some((compare_at, lowest)),
        _ => None,
    }
}

/// What makes two variants of a product the same: their options, whatever the order and case.
pub fn options_key(options: &[VariantOption]) -> String {
    let mut parts: Vec<String> = options
        .iter()
        .map(|option| {
            format!("{}\u{1f}{}", option.name.trim().to_lowercase(), option.value.trim().to_lowercase())
        })
        .collect();
    parts.sort();
    parts.join("\u{1e}")
}

/// A slug from a title: ASCII letters and digits in lower case, joined by single hyphens; `product` where nothing is left.
pub fn slug(title: &str) -> String {
    let mut slug = String::with_capacity(title.len());
    for c in title.chars() {
        let before = slug.len();
        fold_ascii(c, &mut slug);
        if slug.len() == before && !slug.is_empty() && !slug.ends_with('-') && !is_mark(c) {
            slug.push('-');
        }
        if slug.len() >= MAX_SLUG - 20 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "product".to_owned() } else { slug.to_owned() }
}

/// Whether a given slug is of the form that [`slug`] makes.
pub fn is_slug(text: &str) -> bool {
    (1..=MAX_SLUG).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The first of `base`, `base-2`, `base-3` … that is not taken, within [`SLUG_TRIES`]; then one with a random tail.
pub fn free_slug(base: &str, taken: impl Fn(&str) -> bool, tail: &str) -> String {
    if !taken(base) {
        return base.to_owned();
    }
    (2..=SLUG_TRIES)
        .map(|n| format!("{base}-{n}"))
        .find(|candidate| !taken(candidate))
        .unwrap_or_else(|| format!("{base}-{tail}"))
}

/// How many numbered slugs are tried.
pub const SLUG_TRIES: usize = 30;

/// `base` and its numbered forms, for looking up which are taken.
pub fn slug_candidates(base: &str) -> impl Iterator<Item = String> + '_ {
    std::iter::once(base.to_owned()).chain((2..=SLUG_TRIES).map(move |n| format!("{base}-{n}")))
}

// A combining mark belongs to the letter before it; an apostrophe joins.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\'' | '\u{2019}')
}

fn fold_ascii(c: char, out: &mut String) {
    for lower in c.to_lowercase() {
        let folded = match lower {
            'a'..='z' | '0'..='9' => {
                out.push(lower);
                continue;
            }
            'à'..='ã' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
            'ä' | 'æ' => "ae",
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
            'ď' | 'đ' | 'ð' => "d",
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
            'ĥ' | 'ħ' => "h",
            'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
            'ĵ' => "j",
            'ķ' => "k",
            'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
            'ñ' | 'ń' | 'ņ' | 'ň' => "n",
            'ö' => "oe",
            'ò'..='õ' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
            'œ' => "oe",
            'ŕ' | 'ŗ' | 'ř' => "r",
            'ß' => "ss",
            'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
            'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
            'ü' => "ue",
            'ù'..='û' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
            'ŵ' => "w",
            'ý' | 'ÿ' | 'ŷ' => "y",
            'ź' | 'ż' | 'ž' => "z",
            'þ' => "th",
            '&' => "and",
            _ => continue,
        };
        out.push_str(folded);
    }
}

/// Whether a GTIN has 8, 12, 13 or 14 digits and the right check digit, or is an ISBN-10.
pub fn is_gtin(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        8 | 12 | 13 | 14 if digits(text) => {
            let sum: u32 = text
                .bytes()
                .rev()
                .enumerate()
                .map(|(i, b)| u32::from(b - b'0') * if i % 2 == 1 { 3 } else { 1 })
                .sum();
            sum.is_multiple_of(10)
        }
        10 if text.is_ascii() && digits(&text[..9]) && (digits(&text[9..]) || text.ends_with('X')) => {
            let sum: u32 = text
                .bytes()
                .enumerate()
                .map(|(i, b)| (10 - i as u32) * if b == b'X' { 10 } else { u32::from(b - b'0') })
                .sum();
            sum.is_multiple_of(11)
        }
        _ => false,
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
