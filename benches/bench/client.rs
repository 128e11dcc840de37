//! An HTTP/1.1 client for one connection: it must cost little beside what it measures.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Error, Result};

/// A connection that is kept.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    recorded: Option<Vec<(Request, Value)>>,
}

/// A request as it goes over the wire.
#[derive(Clone)]
pub struct Request {
    head: String,
    body: String,
}

impl Request {
    /// A document with its variables, in a vendor's shop.
    pub fn graphql(vendor: &str, query: &str, variables: &Value) -> Self {
        // As clients' libraries do: `query List(…` is the operation List.
        let name = query.split(' ').nth(1).and_then(|rest| rest.split('(').next());
        Self::new(
            vendor,
            json!({ "operationName": name, "query": query, "variables": variables }).to_string(),
        )
    }

    /// The same to another vendor.
    pub fn to_vendor(&self, vendor: &str) -> Self {
        Self::new(vendor, self.body.clone())
    }

    fn new(vendor: &str, body: String) -> Self {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nx-vendor: {vendor}\r\naccept: application/json\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self { head, body }
    }
}

impl Client {
    /// Connects.
    pub fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 << 10), recorded: None })
    }

    /// Keeps requests and answers from now on.
    pub fn record(&mut self) {
        self.recorded = Some(Vec::new());
    }

    /// What was kept: requests with the data of their answers.
    pub fn recorded(self) -> Vec<(Request, Value)> {
        self.recorded.unwrap_or_default()
    }

    /// Sends a request and gives the answer's body. An error status, a GraphQL error and a refusal are errors.
    pub fn send(&mut self, request: &Request) -> Result<&str> {
        self.stream.write_all([request.head.as_bytes(), request.body.as_bytes()].concat().as_slice())?;
        let (head, length) = self.receive()?;
        let (head, body) = self.buffer.split_at(head);
        let body = std::str::from_utf8(&body[..length])?;
        let failed = !head.starts_with(b"HTTP/1.1 200")
            || body.contains("\"errors\":[{")
            || body.contains("\"userErrors\":[{");
        if failed {
            return Err(format!("the server refused: {}", body.chars().take(600).collect::<String>()).into());
        }
        if let Some(recorded) = &mut self.recorded {
            let mut answer: Value = serde_json::from_str(body)?;
            recorded.push((request.clone(), answer["data"].take()));
        }
        Ok(body)
    }

    /// Sends a request and gives the answer's `data`.
    pub fn data(&mut self, request: &Request) -> Result<Value> {
        Ok(serde_json::from_str::<Value>(self.send(request)?)?["data"].take())
    }

    /// Reads one answer into the buffer; gives the lengths of its head and of its body.
    fn receive(&mut self) -> Result<(usize, usize)> {
        self.buffer.clear();
        let mut whole = None;
        loop {
            let mut chunk = [0; 32 << 10];
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            self.buffer.extend_from_slice(&chunk[..read]);
            if whole.is_none() {
                whole = lengths(&self.buffer)?;
            }
            if let Some((head, body)) = whole
                && self.buffer.len() >= head + body
            {
                return Ok((head, body));
            }
        }
    }
}

fn lengths(answer: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end])?;
    let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    let length = length.ok_or_else(|| Error::from(format!("the answer has no length: {head}")))??;
    Ok(Some((end + 4, length)))
}
