//! GraphQL over a WebSocket: the protocol `graphql-transport-ws`, with its close codes to the letter.
//!
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>. Every operation runs in a task of its own and hands
//! its messages to the one loop that owns the socket, through a short queue: a client that does not read slows its
//! operations down, and costs no memory.

mod message;
mod operation;

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::{HeaderName, HeaderValue, header, request::Parts};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use self::message::ClientMessage;
use self::operation::Output;
use super::HttpState;
use crate::framework::context::Ctx;
use crate::framework::error::{ApiError, ErrorCode};

const PROTOCOL: &str = "graphql-transport-ws";
/// Bytes of a message from the client.
const MAX_MESSAGE: usize = 1 << 20;
/// Operations that one connection may have open.
const MAX_OPERATIONS: usize = 100;
/// How long the client may take to say who it is.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the client is asked whether it is there; not heard for twice as long, it is taken for gone.
const PING_EVERY: Duration = Duration::from_secs(25);
/// How long one message may take to be sent.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Messages of all operations that wait to be sent.
const QUEUE: usize = 32;

/// Takes a connection over. `parts` are those of the request; what the client sends with `connection_init` wins:
/// `{ "Authorization": "Bearer …", "X-Vendor": "ACME", "Accept-Language": "fr" }` in any case, or short `authorization`,
/// `vendor`, `language`.
pub async fn graphql_ws(state: HttpState, parts: Parts, upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols([PROTOCOL]).max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE).on_upgrade(
        move |socket| async move {
            let mut connection = Connection::new(state, parts, socket);
            if let Err(end) = connection.run().await {
                connection.close(end).await;
            }
        },
    )
}

/// Why a connection ends.
enum End {
    /// The client went, or does not read.
    Gone,
    /// With a code and reason.
    Close(u16, String),
}

fn close<T>(code: u16, reason: impl Into<String>) -> Result<T, End> {
    Err(End::Close(code, reason.into()))
}

struct Open {
    generation: u64,
    _task: AbortOnDropHandle<()>,
}

struct Connection {
    state: HttpState,
    parts: Parts,
    socket: WebSocket,
    ctx: Option<Ctx>,
    operations: HashMap<String, Open>,
    generation: u64,
    outputs: (mpsc::Sender<Output>, mpsc::Receiver<Output>),
    heard: Instant,
}

impl Connection {
    fn new(state: HttpState, parts: Parts, socket: WebSocket) -> Self {
        Self {
            state,
            parts,
            socket,
            ctx: None,
            operations: HashMap::new(),
            generation: 0,
            outputs: mpsc::channel(QUEUE),
            heard: Instant::now(),
        }
    }

    async fn run(&mut self) -> Result<(), End> {
        if self.socket.protocol().is_none_or(|protocol| protocol.as_bytes() != PROTOCOL.as_bytes()) {
            return close(4406, "Subprotocol not acceptable");
        }
        let init_by = Instant::now() + INIT_TIMEOUT;
        let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        loop {
            tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => {
                        self.heard = Instant::now();
                        self.receive(message).await?;
                    }
                    Some(Err(error)) if too_large(&error) => return close(1009, "Message too big"),
                    Some(Err(_)) | None => return Err(End::Gone),
                },
                Some(output) = self.outputs.1.recv() => self.forward(output).await?,
                () = tokio::time::sleep_until(init_by), if self.ctx.is_none() => {
                    return close(4408, "Connection initialisation timeout");
                }
                _ = ping.tick() => {
                    if self.heard.elapsed() > PING_EVERY * 2 {
                        return Err(End::Gone);
                    }
                    if self.ctx.is_some() {
                        self.send(json!({ "type": "ping" })).await?;
                    }
                }
            }
        }
    }

    async fn receive(&mut self, message: Message) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return close(4400, "Invalid message: text was expected"),
            Message::Close(_) => return Err(End::Gone),
            // Answered by the library.
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        match message::parse(&text) {
            Err(reason) => close(4400, format!("Invalid message: {reason}")),
            Ok(ClientMessage::Init(payload)) => self.init(payload).await,
            Ok(ClientMessage::Ping(payload)) => self.send(message::with_payload("pong", payload)).await,
            Ok(ClientMessage::Pong) => Ok(()),
            Ok(ClientMessage::Complete(id)) => {
                self.operations.remove(&id);
                Ok(())
            }
            Ok(ClientMessage::Subscribe(id, request)) => self.subscribe(id, request).await,
        }
    }

    async fn init(&mut self, payload: serde_json::Map<String, Value>) -> Result<(), End> {
        if self.ctx.is_some() {
            return close(4429, "Too many initialisation requests");
        }
        for (name, value) in payload {
            let name = match name.to_ascii_lowercase().as_str() {
                "authorization" => header::AUTHORIZATION,
                "x-vendor" | "vendor" => HeaderName::from_static("x-vendor"),
                "accept-language" | "language" => header::ACCEPT_LANGUAGE,
                _ => continue,
            };
            match value.as_str().map(HeaderValue::from_str) {
                Some(Ok(value)) => self.parts.headers.insert(name, value),
                _ if value.is_null() => continue,
                _ => return close(4400, format!("Invalid message: {name} is no header value")),
            };
        }
        match operation::context(&self.state.app, &self.parts).await {
            Ok(ctx) => self.ctx = Some(ctx),
            Err(error) if error.code == ErrorCode::Unavailable => return close(1013, "Try again later"),
            Err(error) => return close(4403, format!("Forbidden: {}", error.code.name())),
        }
        self.send(json!({ "type": "connection_ack" })).await
    }

    async fn subscribe(&mut self, id: String, request: Value) -> Result<(), End> {
        let Some(ctx) = &self.ctx else { return close(4401, "Unauthorized") };
        if self.operations.contains_key(&id) {
            return close(4409, format!("Subscriber for {id} already exists"));
        }
        let refused = if self.operations.len() >= MAX_OPERATIONS {
            Err(ApiError::new(ErrorCode::LimitExceeded, "At most 100 operations on one connection."))
        } else {
            operation::prepare(request)
        };
        let request = match refused {
            Ok(request) => request,
            Err(error) => {
                let errors = operation::errors(ctx, error);
                return self.send(json!({ "id": id, "type": "error", "payload": errors })).await;
            }
        };
        self.generation += 1;
        let run = operation::run(
            self.state.clone(),
            self.parts.clone(),
            ctx.fork(),
            request,
            self.outputs.0.clone(),
            (id.clone(), self.generation),
        );
        let task = AbortOnDropHandle::new(tokio::spawn(run));
        self.operations.insert(id, Open { generation: self.generation, _task: task });
        Ok(())
    }

    /// Sends what an operation says, unless the client has completed it meanwhile (and perhaps used its id again).
    async fn forward(&mut self, output: Output) -> Result<(), End> {
        let (id, generation) = output.operation;
        if self.operations.get(&id).is_none_or(|open| open.generation != generation) {
            return Ok(());
        }
        if output.last {
            self.operations.remove(&id);
        }
        self.send(output.message).await
    }

    async fn send(&mut self, message: Value) -> Result<(), End> {
        let sending = self.socket.send(Message::Text(message.to_string().into()));
        match tokio::time::timeout(SEND_TIMEOUT, sending).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Gone),
        }
    }

    async fn close(mut self, end: End) {
        let End::Close(code, mut reason) = end else { return };
        // A close frame's reason has 123 bytes.
        while reason.len() > 123 {
            reason.pop();
        }
        let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        let _ = tokio::time::timeout(SEND_TIMEOUT, self.socket.send(frame)).await;
    }
}

fn too_large(error: &axum::Error) -> bool {
    // The library's error type is not public; its words are.
    let text = error.to_string();
    text.contains("too long") || text.contains("too big") || text.contains("Space limit")
}
