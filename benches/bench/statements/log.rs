//! PostgreSQL's log, read back into statements.

use std::collections::HashMap;

use crate::Result;

/// Of every line: process and role.
pub const PREFIX: &str = "@%p %u@ ";
/// Stands in the log where a recording begins or ends.
pub const MARK: &str = "SELECT 'orion bench'";

/// A statement as it was executed; parameters in their text form.
pub struct Statement {
    pub sql: String,
    pub parameters: Vec<Option<String>>,
}

/// The statements of one run of a scenario, those of a transaction together, in the order in which it began.
pub type Recording = Vec<Statement>;

/// Splits the log at its marks. Only the API's role counts: jobs and the relay are not the request's.
pub fn recordings(log: &str) -> Result<Vec<Recording>> {
    // A transaction is counted where it began: the end of a reading one may come after the next mark.
    let mut finished: Vec<Vec<Recording>> = Vec::new();
    let mut open: HashMap<&str, (usize, usize)> = HashMap::new();
    for entry in entries(log) {
        if entry.kind == "statement" && entry.text.trim() == MARK {
            finished.push(Vec::new());
            continue;
        }
        let Some(current) = finished.len().checked_sub(1) else { continue };
        if entry.role != "orion_app" {
            continue;
        }
        let begins = entry.kind == "statement" && entry.text.starts_with("BEGIN");
        let ends = entry.kind == "statement" && matches!(entry.text.as_str(), "COMMIT" | "ROLLBACK");
        let place = match open.get(entry.process) {
            Some(place) => *place,
            // It began before the first mark.
            None if ends => continue,
            // A transaction, or a statement outside of any.
            None => {
                finished[current].push(Recording::new());
                (current, finished[current].len() - 1)
            }
        };
        if begins {
            open.insert(entry.process, place);
        } else if ends {
            open.remove(entry.process);
        }
        let (recording, transaction) = place;
        finished[recording][transaction].push(Statement { sql: entry.text, parameters: entry.parameters });
    }
    // What follows the last mark belongs to nothing.
    finished.pop();
    Ok(finished.into_iter().map(|transactions| transactions.into_iter().flatten().collect()).collect())
}

/// The recordings of the form that most have (same statements, null in the same places), and their share.
pub fn most_common(recordings: Vec<Recording>) -> Result<(Vec<Recording>, f64)> {
    let total = recordings.len();
    let mut forms: HashMap<String, Vec<Recording>> = HashMap::new();
    for recording in recordings.into_iter().filter(|recording| !recording.is_empty()) {
        forms.entry(form(&recording)).or_default().push(recording);
    }
    let largest =
        forms.into_values().max_by_key(Vec::len).ok_or("the log has none of the server's statements")?;
    let share = largest.len() as f64 / total as f64;
    Ok((largest, share))
}

fn form(recording: &Recording) -> String {
    let mut form = String::new();
    for statement in recording {
        // A vendor's id stands in the text of BEGIN.
        form.push_str(
            statement.sql.split('\'').next().filter(|_| is_begin(statement)).unwrap_or(&statement.sql),
        );
        form.extend(statement.parameters.iter().map(|value| if value.is_some() { '.' } else { '0' }));
        form.push('\n');
    }
    form
}

/// Whether it opens a transaction.
pub fn is_begin(statement: &Statement) -> bool {
    statement.sql.starts_with("BEGIN")
}

struct Entry<'a> {
    process: &'a str,
    role: &'a str,
    /// `statement` (without parameters) or `execute`.
    kind: &'static str,
    text: String,
    parameters: Vec<Option<String>>,
}

fn entries(log: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((process, role, rest)) = split(line) else { continue };
        let mut rest = rest.to_owned();
        // Further lines of a message begin with a tab.
        while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
            rest.push('\n');
            rest.push_str(&more[1..]);
        }
        if let Some(text) = rest.strip_prefix("LOG:  statement: ") {
            let text = text.to_owned();
            entries.push(Entry { process, role, kind: "statement", text, parameters: Vec::new() });
        } else if let Some((_, text)) =
            rest.strip_prefix("LOG:  execute ").and_then(|rest| rest.split_once(": "))
        {
            let text = text.to_owned();
            entries.push(Entry { process, role, kind: "execute", text, parameters: Vec::new() });
        } else if let Some(values) = rest.strip_prefix("DETAIL:  parameters: ")
            && let Some(entry) = entries.iter_mut().rev().find(|entry| entry.process == process)
        {
            entry.parameters = parameters(values);
        }
    }
    entries
}

fn split(line: &str) -> Option<(&str, &str, &str)> {
    let (head, rest) = line.strip_prefix('@')?.split_once("@ ")?;
    let (process, role) = head.split_once(' ')?;
    Some((process, role, rest))
}

/// `$1 = 'it''s', $2 = NULL`.
fn parameters(text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, value)) = rest.split_once(" = ") {
        let Some(quoted) = value.strip_prefix('\'') else {
            values.push(None);
            rest = value.strip_prefix("NULL").unwrap_or(value);
            continue;
        };
        let mut content = String::new();
        let mut characters = quoted.char_indices();
        let mut end = quoted.len();
        while let Some((at, character)) = characters.next() {
            if character != '\'' {
                content.push(character);
            } else if quoted[at + 1..].starts_with('\'') {
                content.push(character);
                characters.next();
            } else {
                end = at + 1;
                break;
            }
        }
        values.push(Some(content));
        rest = &quoted[end..];
    }
    values
}
