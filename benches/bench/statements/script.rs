//! Recordings as a pgbench script and its table.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::pin::pin;

use bytes::Bytes;
use futures::SinkExt as _;
use tokio_postgres::Client;

use super::log::{Recording, Statement, is_begin};
use crate::Result;

/// A script for pgbench.
pub struct Script {
    /// Takes the values of one recording into variables.
    pub fetch: String,
    /// Runs its statements.
    pub statements: String,
    /// How many they are, `BEGIN` and `COMMIT` not counted.
    pub count: usize,
    columns: usize,
}

impl Script {
    /// For recordings of one form. The types that PostgreSQL infers for the parameters are written into the script:
    /// pgbench names none, and a parameter that is used twice becomes two.
    pub async fn new(client: &Client, recordings: &[Recording]) -> Result<Self> {
        let form = recordings.first().ok_or("there is no recording")?;
        let mut script = Self { fetch: String::new(), statements: String::new(), count: 0, columns: 0 };
        let mut types: HashMap<&str, Vec<String>> = HashMap::new();
        let mut begun = false;
        for (place, statement) in form.iter().enumerate() {
            if is_begin(statement) {
                script.begin(statement)?;
                begun = true;
                continue;
            }
            let sql = statement.sql.trim().trim_end_matches(';');
            if matches!(sql, "COMMIT" | "ROLLBACK") {
                script.end_pipeline(&mut begun);
                writeln!(script.statements, "{sql};")?;
                continue;
            }
            if !types.contains_key(sql) {
                let values = (0..statement.parameters.len())
                    .map(|number| {
                        recordings.iter().filter_map(|one| one[place].parameters[number].as_deref()).collect()
                    })
                    .collect::<Vec<_>>();
                types.insert(sql, super::types::infer(client, sql, &values).await?);
            }
            let text = bind(sql, statement, &types[sql], script.columns)?;
            writeln!(script.statements, "{text};")?;
            script.columns += statement.parameters.len();
            script.count += 1;
            script.end_pipeline(&mut begun);
        }
        script.fetch = match script.columns {
            0 => String::new(),
            columns => {
                let names: Vec<String> = (1..=columns).map(|column| format!("p{column}")).collect();
                format!("SELECT {} FROM bench.recordings WHERE n = :n \\gset\n", names.join(", "))
            }
        };
        Ok(script)
    }

    /// `BEGIN` and the vendor travel with the first statement, as the server sends them.
    fn begin(&mut self, statement: &Statement) -> Result<()> {
        let (begin, setting) = statement.sql.split_once(';').unwrap_or((&statement.sql, ""));
        writeln!(self.statements, "\\startpipeline\n{begin};")?;
        if !setting.is_empty() {
            self.columns += 1;
            // SET takes no parameters.
            writeln!(self.statements, "SELECT set_config('app.vendor_id', :p{}::text, true);", self.columns)?;
        }
        Ok(())
    }

    fn end_pipeline(&mut self, begun: &mut bool) {
        if std::mem::take(begun) {
            self.statements.push_str("\\endpipeline\n");
        }
    }

    /// Makes the table of the recordings' values.
    pub async fn fill_table(&self, client: &Client, recordings: &[Recording]) -> Result<()> {
        let mut columns = String::new();
        for column in 1..=self.columns {
            write!(columns, ", p{column} text")?;
        }
        let make = format!(
            "DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench; GRANT USAGE ON SCHEMA bench TO orion_app;
             CREATE TABLE bench.recordings (n int PRIMARY KEY{columns}); GRANT SELECT ON bench.recordings TO orion_app;"
        );
        client.batch_execute(&make).await?;
        let mut sink = pin!(client.copy_in::<_, Bytes>("COPY bench.recordings FROM STDIN").await?);
        for (index, recording) in recordings.iter().enumerate() {
            let mut line = (index + 1).to_string();
            for value in recording.iter().flat_map(values) {
                line.push('\t');
                match value {
                    Some(value) => escape(&value, &mut line),
                    None => line.push_str("\\N"),
                }
            }
            line.push('\n');
            sink.send(line.into()).await?;
        }
        sink.close().await?;
        Ok(client.batch_execute("ANALYZE bench.recordings").await?)
    }
}

/// What a statement takes from its row.
fn values(statement: &Statement) -> Vec<Option<String>> {
    match (is_begin(statement), statement.sql.split('\'').nth(1)) {
        (true, Some(vendor)) => vec![Some(vendor.to_owned())],
        _ => statement.parameters.clone(),
    }
}

/// The text with `$1` … replaced by variables, or by `NULL` where nothing was given.
fn bind(sql: &str, statement: &Statement, types: &[String], before: usize) -> Result<String> {
    let mut text = String::with_capacity(sql.len() * 2);
    let mut rest = sql;
    while let Some((head, tail)) = rest.split_once('$') {
        text.push_str(head);
        let digits = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        rest = &tail[digits..];
        let Ok(number) = tail[..digits].parse::<usize>() else {
            text.push('$');
            continue;
        };
        let value = statement.parameters.get(number.wrapping_sub(1));
        let (Some(value), Some(name)) = (value, types.get(number.wrapping_sub(1))) else {
            return Err(format!("parameter {number} of {sql} is not in the log").into());
        };
        match value {
            Some(_) => write!(text, "(:p{}::{name})", before + number)?,
            None => write!(text, "(NULL::{name})")?,
        }
    }
    text.push_str(rest);
    Ok(text)
}

fn escape(value: &str, line: &mut String) {
    for character in value.chars() {
        match character {
            '\\' => line.push_str("\\\\"),
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            other => line.push(other),
        }
    }
}
