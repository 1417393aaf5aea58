//! A receiver of webhooks that does as it is told, and an own way to look at signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How a receiver behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mood {
    /// It answers with this status, and with these lines of a head.
    Says(u16, &'static str),
    /// It hears and says nothing.
    Hangs,
    /// It answers with 200, and never ends what it says.
    Stalls,
    /// It closes as soon as it is called.
    Cuts,
    /// It says what is no HTTP.
    Babbles,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// How it was answered.
    pub mood: Mood,
    /// When it came.
    pub at: Instant,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What tells this message from all others.
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// Whether it is signed with this secret, as its owner was shown it.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let text = format!("{}.{}.", self.id(), self.headers["webhook-timestamp"]);
        let expected = hmac_sha256(&key, &[text.as_bytes(), &self.body].concat());
        let given = self.headers["webhook-signature"].split(' ').map(|one| one.split_once(',').unwrap());
        given.into_iter().any(|(version, tag)| version == "v1" && BASE64.decode(tag).unwrap() == expected)
    }
}

/// RFC 2104, by its text.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    match key.len() {
        0..=64 => block[..key.len()].copy_from_slice(key),
        _ => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::digest([&padded(0x36)[..], message].concat());
    Sha256::digest([&padded(0x5c)[..], &inner].concat()).to_vec()
}

/// A receiver on a socket of this machine.
#[derive(Clone)]
pub struct Receiver {
    port: u16,
    mood: Arc<Mutex<Mood>>,
    got: Arc<Mutex<Vec<Got>>>,
    /// How often somebody connected.
    calls: Arc<Mutex<usize>>,
    /// How it speaks TLS; without it, it does not.
    tls: Option<Arc<ServerConfig>>,
}

impl Receiver {
    pub fn start(mood: Mood) -> Receiver {
        Self::open(mood, None)
    }

    /// One that is called by https.
    pub fn start_secure(mood: Mood, tls: ServerConfig) -> Receiver {
        Self::open(mood, Some(Arc::new(tls)))
    }

    fn open(mood: Mood, tls: Option<Arc<ServerConfig>>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mood = Arc::new(Mutex::new(mood));
        let receiver = Receiver { port, mood, got: Arc::default(), calls: Arc::default(), tls };
        let own = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let own = own.clone();
                std::thread::spawn(move || own.called(stream.unwrap()));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}/hook?a=b", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn is_now(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }

    /// Everything that came.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// What came and was accepted.
    pub fn accepted(&self) -> Vec<Got> {
        self.got()
            .into_iter()
            .filter(|got| matches!(got.mood, Mood::Says(200..300, _) | Mood::Stalls))
            .collect()
    }

    fn called(&self, stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        match &self.tls {
            None => self.serve(stream),
            Some(tls) => self.serve(StreamOwned::new(ServerConnection::new(tls.clone()).unwrap(), stream)),
        }
    }

    fn serve(&self, mut stream: impl Read + Write) {
        *self.calls.lock().unwrap() += 1;
        let mood = self.mood.lock().unwrap().clone();
        if mood == Mood::Cuts {
            return;
        }
        let Some(got) = read(&mut stream, mood.clone()) else { return };
        self.got.lock().unwrap().push(got);
        match mood {
            Mood::Says(status, head) => {
                let length = if head.contains("content-length") { "" } else { "content-length: 2\r\n" };
                let _ = write!(stream, "HTTP/1.1 {status} X\r\n{length}{head}\r\nok");
            }
            Mood::Babbles => drop(stream.write_all(b"\x00\x01 what?\r\n\r\n")),
            Mood::Hangs => wait_for_the_end(&mut stream),
            Mood::Stalls => {
                let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n");
                wait_for_the_end(&mut stream);
            }
            Mood::Cuts => {}
        }
    }
}

/// Waits until the other side has enough of it.
fn wait_for_the_end(stream: &mut impl Read) {
    let _ = stream.read(&mut [0]);
}

fn read(stream: &mut impl Read, mood: Mood) -> Option<Got> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Got { path, headers, body, mood, at: Instant::now() })
}

#[test]
fn the_tests_own_signature_is_the_one_of_the_standard() {
    // RFC 4231, cases 2 and 6.
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        hex(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert_eq!(
        hex(hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}
