//! A wire to a CQL server that understands so much of the protocol (version 4, uncompressed) that it can refuse writes
//! in the server's stead, or lose those of one table: reads pass.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Version, flags, stream, opcode, length.
const HEADER_BYTES: usize = 9;
/// The longest frame that the protocol allows, in bytes.
const FRAME_BYTES_MAX: usize = 256 * 1024 * 1024;
const ERROR: u8 = 0x00;
const RESULT: u8 = 0x08;
const PREPARE: u8 = 0x09;
const EXECUTE: u8 = 0x0a;
const BATCH: u8 = 0x0d;
/// The kind of result that answers a PREPARE.
const PREPARED: [u8; 4] = [0, 0, 0, 4];
/// The server is overloaded: it has not done what was asked.
const OVERLOADED: u32 = 0x1001;
/// The server calls the request invalid, as its guardrails do when a disk fills.
const INVALID: u32 = 0x2200;
const FLAG_COMPRESSED: u8 = 0x01;

/// A proxy in front of one CQL server. It ends with this.
#[derive(Debug)]
pub struct CqlProxy {
    address: SocketAddr,
    known: Arc<Known>,
    _tasks: Mutex<JoinSet<()>>,
}

/// What all connections know together: the ids of prepared statements are the server's, the same on each.
#[derive(Debug, Default)]
struct Known {
    refuses: AtomicBool,
    /// Writes that are called invalid, still to come.
    invalid: AtomicU64,
    refused: AtomicU64,
    /// A part of the text of statements that are lost on their way, and what their values must hold besides.
    swallows: Mutex<Option<(String, Vec<u8>)>>,
    swallowed: AtomicU64,
    /// The texts of prepared writes, by id.
    writes: Mutex<BTreeMap<Vec<u8>, String>>,
}

/// What becomes of a request.
enum Fate {
    Passes,
    /// With this code.
    Refused(u32),
    Lost,
}

impl CqlProxy {
    /// Starts one, on the current runtime.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(server: SocketAddr) -> CqlProxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let known = Arc::<Known>::default();
        let mut tasks = JoinSet::new();
        let of_task = known.clone();
        tasks.spawn(async move {
            let mut pairs = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                while pairs.try_join_next().is_some() {}
                pairs.spawn(pair(client, server, of_task.clone()));
            }
        });
        CqlProxy { address, known, _tasks: Mutex::new(tasks) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether writes are refused from now on.
    pub fn refuse_writes(&self, refuses: bool) {
        self.known.refuses.store(refuses, Ordering::SeqCst);
    }

    /// So many of the next writes are called invalid.
    pub fn call_invalid(&self, writes: u64) {
        self.known.invalid.store(writes, Ordering::SeqCst);
    }

    /// From now on prepared writes to this table never reach the server, and are never answered.
    pub fn swallow(&self, table: Option<&str>) {
        self.swallow_of(table, &[]);
    }

    /// The same for writes among whose values these bytes are.
    pub fn swallow_of(&self, table: Option<&str>, values: &[u8]) {
        // What is prepared names the keyspace: `keyspace.table `.
        *lock(&self.known.swallows) = table.map(|table| (format!(".{table} "), values.to_vec()));
    }

    /// Writes that it lost so far.
    pub fn swallowed(&self) -> u64 {
        self.known.swallowed.load(Ordering::SeqCst)
    }

    /// Writes that it refused so far.
    pub fn refused(&self) -> u64 {
        self.known.refused.load(Ordering::SeqCst)
    }
}

/// The writes that one connection has asked to prepare, by stream.
type Preparing = Arc<Mutex<BTreeMap<[u8; 2], String>>>;

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pair(client: TcpStream, server: SocketAddr, known: Arc<Known>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let to_client = Arc::new(tokio::sync::Mutex::new(to_client));
    let preparing = Preparing::default();
    tokio::select! {
        () = requests(from_client, to_server, to_client.clone(), &known, &preparing) => {}
        () = answers(from_server, to_client, &known, &preparing) => {}
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    back: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
    known: &Known,
    preparing: &Preparing,
) {
    while let Some(frame) = read_frame(&mut from).await {
        if let (PREPARE, Some(text)) = (frame[4], frame.get(HEADER_BYTES + 4..)) {
            let text = String::from_utf8_lossy(text);
            if !text.trim_start().to_ascii_uppercase().starts_with("SELECT") {
                lock(preparing).insert([frame[2], frame[3]], text.into_owned());
            }
        }
        let passed = match known.fate(&frame) {
            Fate::Passes => to.write_all(&frame).await,
            Fate::Refused(code) => back.lock().await.write_all(&refusal(&frame, code)).await,
            Fate::Lost => Ok(()),
        };
        if passed.is_err() {
            return;
        }
    }
}

async fn answers(
    mut from: OwnedReadHalf,
    to: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
    known: &Known,
    preparing: &Preparing,
) {
    while let Some(frame) = read_frame(&mut from).await {
        let asked = lock(preparing).remove(&[frame[2], frame[3]]);
        if let Some(text) = asked
            && frame[4] == RESULT
            && let Some(id) = frame[HEADER_BYTES..].strip_prefix(&PREPARED).and_then(short_bytes)
        {
            lock(&known.writes).insert(id.to_vec(), text);
        }
        if to.lock().await.write_all(&frame).await.is_err() {
            return;
        }
    }
}

impl Known {
    fn fate(&self, frame: &[u8]) -> Fate {
        let Some(text) = self.write_of(frame) else { return Fate::Passes };
        let holds = |values: &[u8]| values.is_empty() || frame.windows(values.len()).any(|of| of == values);
        let swallows =
            lock(&self.swallows).as_ref().is_some_and(|(part, values)| text.contains(part) && holds(values));
        if swallows {
            self.swallowed.fetch_add(1, Ordering::SeqCst);
            return Fate::Lost;
        }
        let one_less = |left: u64| left.checked_sub(1);
        let code = match self.invalid.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less) {
            Ok(_) => INVALID,
            Err(_) if self.refuses.load(Ordering::SeqCst) => OVERLOADED,
            Err(_) => return Fate::Passes,
        };
        self.refused.fetch_add(1, Ordering::SeqCst);
        Fate::Refused(code)
    }

    /// The text of the write that a request carries out; of a batch that of its first statement.
    fn write_of(&self, frame: &[u8]) -> Option<String> {
        let body = frame.get(HEADER_BYTES..).filter(|_| frame[1] & FLAG_COMPRESSED == 0)?;
        let id = match frame[4] {
            EXECUTE => short_bytes(body)?,
            // Kind of the batch, how many statements, and whether the first is a prepared one.
            BATCH => short_bytes(body.get(4..)?)?,
            _ => return None,
        };
        lock(&self.writes).get(id).cloned()
    }
}

/// The error that answers this request.
fn refusal(request: &[u8], code: u32) -> Vec<u8> {
    const WHY: &[u8] = b"refused by a test";
    let mut body = code.to_be_bytes().to_vec();
    body.extend(u16::try_from(WHY.len()).unwrap().to_be_bytes());
    body.extend(WHY);
    let mut frame = vec![0x80 | request[0], 0, request[2], request[3], ERROR];
    frame.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    frame.extend(body);
    frame
}

/// What a two-byte length announces.
fn short_bytes(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.get(..usize::from(u16::from_be_bytes(*length)))
}

/// The next frame, with its header; `None` when the connection has ended.
async fn read_frame(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut frame = vec![0; HEADER_BYTES];
    from.read_exact(&mut frame).await.ok()?;
    let length = u32::from_be_bytes(*frame.last_chunk::<4>()?);
    let length = usize::try_from(length).ok().filter(|length| *length <= FRAME_BYTES_MAX)?;
    frame.resize(HEADER_BYTES + length, 0);
    from.read_exact(&mut frame[HEADER_BYTES..]).await.ok()?;
    Some(frame)
}
