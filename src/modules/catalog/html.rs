//! Descriptions: HTML cut down to a small safe set.
//!
//! What comes out is written here, tag by tag, from a fixed list; nothing of the input is copied but text (with `<` and
//! `>` escaped) and the addresses of links (http, https, mailto, without quotes or control characters). So there is no
//! way for a script, a style or a handler to come through, however broken the input.

const KEPT: &[&str] = &[
    "p",
    "br",
    "hr",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "sub",
    "sup",
    "small",
    "span",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "caption",
    "blockquote",
    "pre",
    "code",
    "a",
];
const VOID: &[&str] = &["br", "hr"];
// Their contents are not text for people.
const DROPPED: &[&str] = &[
    "script", "style", "iframe", "object", "embed", "noscript", "template", "title", "head", "svg", "math",
    "textarea", "select",
];
const MAX_OPEN: usize = 64;

/// The safe part of a description. Plain text comes out as it is, but for `<`, `>` and `&`.
pub fn sanitize(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.find(['<', '>', '&']) {
        push_text(&mut out, &rest[..at]);
        rest = &rest[at..];
        rest = match rest.as_bytes()[0] {
            b'>' => {
                out.push_str("&gt;");
                &rest[1..]
            }
            b'&' => reference(&mut out, rest),
            _ => tag(&mut out, &mut open, rest),
        };
    }
    push_text(&mut out, rest);
    for name in open.iter().rev() {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
    out
}

fn push_text(out: &mut String, text: &str) {
    if text.bytes().all(|b| b >= 0x20 && b != 0x7f) {
        out.push_str(text);
    } else {
        out.extend(text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')));
    }
}

// A well-formed character reference stays; any other ampersand is escaped.
fn reference<'a>(out: &mut String, rest: &'a str) -> &'a str {
    let body = rest[1..].bytes().take(32).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    let name = &rest[1..1 + body];
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let numeric = name.strip_prefix('#').is_some_and(|n| {
        let hex = n.strip_prefix(['x', 'X']);
        match hex {
            Some(hex) => !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()),
            None => !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()),
        }
    });
    if (named || numeric) && rest.as_bytes().get(1 + body) == Some(&b';') {
        out.push_str(&rest[..body + 2]);
        return &rest[body + 2..];
    }
    out.push_str("&amp;");
    &rest[1..]
}

fn tag<'a>(out: &mut String, open: &mut Vec<&'static str>, rest: &'a str) -> &'a str {
    if let Some(comment) = rest.strip_prefix("<!--") {
        return comment.find("-->").map_or("", |end| &comment[end + 3..]);
    }
    let closing = rest.as_bytes().get(1) == Some(&b'/');
    let start = if closing { 2 } else { 1 };
    let length = rest[start..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let declaration = matches!(rest.as_bytes().get(1), Some(b'!' | b'?'));
    if length == 0 && !declaration && !closing {
        out.push_str("&lt;");
        return &rest[1..];
    }
    let name = rest[start..start + length].to_ascii_lowercase();
    let Some(end) = tag_end(rest) else {
        // Cut off in the middle of a tag.
        return "";
    };
    let (attributes, after) = (&rest[start + length..end], &rest[end + 1..]);
    if let Some(kept) = KEPT.iter().copied().find(|kept| *kept == name) {
        write_tag(out, open, kept, closing, attributes);
        return after;
    }
    if !closing && DROPPED.contains(&name.as_str()) {
        return skip_element(after, &name);
    }
    // An unknown element: its contents stay. A space keeps words apart.
    out.push(' ');
    after
}

// Where the tag ends; a `>` in quotes does not end it.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(q), byte) if q == byte => quote = None,
            _ => {}
        }
    }
    // Unbalanced quotes: the first `>` ends it.
    rest.find('>')
}

fn skip_element<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let after = &rest[from + at + 2..];
        if after.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after.find('>').map_or("", |end| &after[end + 1..]);
        }
        from += at + 2;
    }
    ""
}

fn write_tag(
    out: &mut String,
    open: &mut Vec<&'static str>,
    name: &'static str,
    closing: bool,
    attributes: &str,
) {
    if VOID.contains(&name) {
        if !closing {
            out.push('<');
            out.push_str(name);
            out.push('>');
        }
        return;
    }
    if closing {
        // Only what is open is closed, with everything that was opened in it.
        if let Some(at) = open.iter().rposition(|o| *o == name) {
            for name in open.drain(at..).rev() {
                out.push_str("</");
                out.push_str(name);
                out.push('>');
            }
        }
        return;
    }
    if open.len() >= MAX_OPEN {
        return;
    }
    out.push('<');
    out.push_str(name);
    if name == "a"
        && let Some(href) = href(attributes)
    {
        out.push_str(" href=\"");
        out.push_str(&href);
        out.push_str("\" rel=\"nofollow noopener\"");
    }
    out.push('>');
    open.push(name);
}

fn href(attributes: &str) -> Option<String> {
    let lower = attributes.to_ascii_lowercase();
    let at = lower.find("href")?;
    let value = attributes[at + 4..].trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(|c: char| c.is_whitespace()).next()?,
    };
    let value = value.trim().replace("&amp;", "&");
    let scheme = value.to_ascii_lowercase();
    let safe = ["http://", "https://", "mailto:"].iter().any(|known| scheme.starts_with(known))
        && value.len() <= 2_048
        && !value
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\'));
    safe.then(|| value.replace('&', "&amp;"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_what_is_safe_and_nothing_else() {
        for (input, expected) in [
            ("plain", "plain"),
            ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
            ("<p>One</p><P CLASS=x>Two</P>", "<p>One</p><p>Two</p>"),
            ("<script>alert(1)</script>ok", "ok"),
            ("<SCRIPT src=//x>alert('</p>')</ScRiPt >ok", "ok"),
            ("<img src=x onerror=alert(1)>", " "),
            (
                "<a href=\"https://example.com/?a=1&b=2\" onclick=x>go</a>",
                "<a href=\"https://example.com/?a=1&amp;b=2\" rel=\"nofollow noopener\">go</a>",
            ),
            ("<a href='javascript:alert(1)'>go</a>", "<a>go</a>"),
            ("<a href=\"java&#115;cript:x\">go</a>", "<a>go</a>"),
            ("<b><i>x</b>y", "<b><i>x</i></b>y"),
            ("</p>x<ul><li>y", "x<ul><li>y</li></ul>"),
            ("&eacute;&#233;&#xE9;&bad &;", "&eacute;&#233;&#xE9;&amp;bad &amp;;"),
            ("a<!-- <script> -->b", "ab"),
            ("<style>p{}</style><br/>x<hr>", "<br>x<hr>"),
            ("cut <b", "cut "),
            ("a\0b\u{7}c\nd", "abc\nd"),
        ] {
            assert_eq!(sanitize(input), expected, "{input}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_known_tags_comes_out(input in r#"([<>&"'/=a-z !-]|<script|<a href=|javascript:|</|onload=|<!--|-->|\PC){0,60}"#) {
            let out = sanitize(&input);
            let mut rest = out.as_str();
            while let Some(at) = rest.find('<') {
                rest = &rest[at + 1..];
                let end = rest.find('>').expect("every tag ends");
                let tag = &rest[..end];
                let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
                prop_assert!(KEPT.contains(&name), "{out}");
                let plain = tag.trim_start_matches('/') == name;
                prop_assert!(plain || (tag.starts_with("a href=\"http") || tag.starts_with("a href=\"mailto:")), "{out}");
            }
            prop_assert!(!out.contains('\0'));
        }

        #[test]
        fn a_second_time_changes_nothing(input in r#"([<>&;"'/a-z ]|<b>|</b>|<p|<li>|&amp;|<a href="https://e.com">){0,40}"#) {
            let once = sanitize(&input);
            prop_assert_eq!(sanitize(&once), once);
        }
    }
}
