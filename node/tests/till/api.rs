//! A caller of the local API over a connection of its own, which can be kept, cut or lost.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::shop::Shop;

/// How long a caller waits for an answer before the test counts as failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// The token of the till that is served from a shop's folder.
pub(crate) fn token(shop: &Shop) -> String {
    let text = std::fs::read_to_string(shop.data().join("local-api.json")).unwrap();
    let local: Value = serde_json::from_str(&text).unwrap();
    local["token"].as_str().unwrap().to_owned()
}

/// A kept connection to the local API.
pub(crate) struct Api {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Api {
    /// Connects.
    pub(crate) fn connect(address: &str, token: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), token: token.to_owned() })
    }

    /// Posts and gives status and body; an error means that nobody knows whether it was carried out.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> io::Result<(u16, String)> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: till\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(format!("{head}{body}").as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<(u16, String)> {
        let broken = || io::Error::new(io::ErrorKind::UnexpectedEof, "the answer broke off");
        let (mut status, mut length) = (None, None);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(broken());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).and_then(|digits| digits.parse().ok());
            }
            if let Some(rest) = line.strip_prefix("content-length:") {
                length = rest.trim().parse().ok();
            }
        }
        let mut body = vec![0; length.ok_or_else(broken)?];
        self.stream.read_exact(&mut body)?;
        Ok((status.ok_or_else(broken)?, String::from_utf8(body).map_err(|_| broken())?))
    }

    /// Asks for an operation that must be carried out.
    pub(crate) fn ask(&mut self, operation: &str, body: &str) -> Value {
        let (status, answer) = self.post(&format!("/v1/{operation}"), body).unwrap();
        assert_eq!(status, 200, "{operation} {body}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }
}
