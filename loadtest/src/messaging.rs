//! The fan-out of a live class by a ready messaging server: as many students say an answer as often, and as many teachers
//! hear each. It keeps nothing, grades nothing and sums nothing up; what it is measured for is the way from student to
//! teacher alone. NATS, over WebSockets, by its own protocol (<https://docs.nats.io/reference/reference-protocols/nats-protocol>).

mod wire;

use crate::args::MessagingArgs;
use crate::figures::Times;
use crate::subject::{pinned, usage};
use client::{Incoming, RawOptions, RawSocket};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::process::{Child, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, LocalSet};
use wire::{Said, Wire};

/// How long the server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What a page in a browser says it is: the server cuts what it sends to the size that it has for browsers.
const BROWSER: &str = "Mozilla/5.0";
/// Where the answers of the class go.
const SUBJECT: &str = "class.1";

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum MessagingError {
    /// The program cannot be run.
    #[error("{0} cannot be run: {1}")]
    Program(String, std::io::Error),
    /// It does not listen.
    #[error("the messaging server does not listen: {0}")]
    Silent(String),
    /// A socket.
    #[error("a socket of the messaging server: {0}")]
    Socket(String),
    /// A port or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    students: usize,
    teachers: usize,
    every_ms: u64,
    seconds: f64,
    /// Answers that were said.
    pub said: u64,
    /// Answers that all teachers together heard.
    pub heard: u64,
    /// From the moment at which an answer was to be said until the first teacher has it.
    pub lag: Times,
    /// Processor time of the server for an answer, in microseconds.
    pub cpu_us: f64,
    /// Answers that the first teacher did not hear.
    pub faults: u64,
}

/// What the tasks of a run share.
struct Run {
    began: Instant,
    every: Duration,
    said: Cell<u64>,
    first_heard: Cell<u64>,
    heard: Cell<u64>,
    lag: RefCell<Times>,
    ends: Cell<bool>,
}

/// The server, which ends with this.
struct Server {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Measures it.
///
/// # Errors
/// [`MessagingError`].
pub async fn measure(args: &MessagingArgs) -> Result<Figures, MessagingError> {
    LocalSet::new().run_until(run(args)).await
}

async fn run(args: &MessagingArgs) -> Result<Figures, MessagingError> {
    let server = start(args).await?;
    let run = Rc::new(Run {
        began: Instant::now(),
        every: Duration::from_millis(args.every_ms.max(1)),
        said: Cell::default(),
        first_heard: Cell::default(),
        heard: Cell::default(),
        lag: RefCell::default(),
        ends: Cell::new(false),
    });
    let mut teachers = Vec::new();
    for number in 0..args.teachers.max(1) {
        let mut wire = Wire::open(socket(&server).await?).await?;
        wire.subscribe(SUBJECT).await?;
        teachers.push(tokio::task::spawn_local(listen(wire, number == 0, run.clone())));
    }
    let mut students = Vec::new();
    for number in 0..args.students {
        let wire = Wire::open(socket(&server).await?).await?;
        let offset = run.every.mul_f64(number as f64 / args.students as f64);
        students.push((wire, offset));
    }
    let (start, before) = (Instant::now(), usage::of(server.child.id()));
    let students: Vec<_> = students
        .into_iter()
        .map(|(wire, offset)| tokio::task::spawn_local(say(wire, start + offset, run.clone())))
        .collect();
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let after = usage::of(server.child.id());
    let (said, seconds) = (run.said.get(), start.elapsed().as_secs_f64());
    run.ends.set(true);
    let mut faults = ended(students).await;
    let until = Instant::now() + PATIENCE;
    while run.first_heard.get() < run.said.get() && Instant::now() < until {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    teachers.iter().for_each(JoinHandle::abort);
    faults += run.said.get().saturating_sub(run.first_heard.get());
    let cpu = before.zip(after).map(|(before, after)| after.cpu.saturating_sub(before.cpu));
    let cpu_us = cpu.map_or(0.0, |cpu| cpu.as_secs_f64() * 1e6 / said.max(1) as f64);
    let lag = run.lag.take();
    let (students, teachers, every_ms) = (args.students, args.teachers, args.every_ms);
    Ok(Figures { students, teachers, every_ms, seconds, said, heard: run.heard.get(), lag, cpu_us, faults })
}

/// Waits for the students; how many broke off.
async fn ended(students: Vec<JoinHandle<Result<(), MessagingError>>>) -> u64 {
    let mut broken = 0;
    for student in students {
        let outcome = student.await;
        if !matches!(outcome, Ok(Ok(()))) {
            eprintln!("  a student broke off: {outcome:?}");
            broken += 1;
        }
    }
    broken
}

/// Starts the server on its core, and waits until it listens.
async fn start(args: &MessagingArgs) -> Result<Server, MessagingError> {
    let folder = tempfile::tempdir()?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let settings = folder.path().join("nats.conf");
    // Port -1 is any free one, for clients that are not on WebSockets: nobody.
    let text = format!(
        "listen: \"127.0.0.1:-1\"\nmax_payload: 65536\n\
         websocket {{ listen: \"127.0.0.1:{port}\", no_tls: true, compression: false }}\n"
    );
    std::fs::write(&settings, text)?;
    let name = args.program.display().to_string();
    let mut command = pinned(&args.program, args.server_core.0);
    command.arg("-c").arg(&settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if args.server_core.0.is_some() {
        command.env("GOMAXPROCS", "1");
    }
    let child = command.spawn().map_err(|source| MessagingError::Program(name, source))?;
    let server = Server { child, url: format!("ws://127.0.0.1:{port}/"), _folder: folder };
    let until = Instant::now() + PATIENCE;
    loop {
        match socket(&server).await {
            Ok(_) => return Ok(server),
            Err(error) if Instant::now() >= until => return Err(MessagingError::Silent(error.to_string())),
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

async fn socket(server: &Server) -> Result<RawSocket, MessagingError> {
    let options = RawOptions {
        subprotocol: None,
        headers: vec![("user-agent".to_owned(), BROWSER.to_owned())],
        ..RawOptions::new(server.url.clone())
    };
    RawSocket::connect(&options).await.map_err(|error| MessagingError::Socket(error.to_string()))
}

/// One student: an answer each time that it is due, whatever became of those before.
async fn say(mut wire: Wire, mut due: Instant, run: Rc<Run>) -> Result<(), MessagingError> {
    while !run.ends.get() {
        tokio::select! {
            () = tokio::time::sleep_until(due.into()) => {
                if run.ends.get() {
                    break;
                }
                let at_us = (due - run.began).as_micros();
                wire.publish(SUBJECT, &answer(at_us)).await?;
                run.said.set(run.said.get() + 1);
                due += run.every;
            }
            said = wire.hear() => {
                said?;
            }
        }
    }
    Ok(())
}

/// An answer as a class would be told of it, with the time at which it was to be said.
fn answer(at_us: u128) -> String {
    format!(
        "{at_us} {{\"student_id\":\"0199c0de-0000-7000-8000-000000000001\",\
         \"card_id\":\"0199c0de-0000-7000-8000-000000000002\",\"grade\":4,\"elapsed_ms\":1800}}"
    )
}

/// One teacher. The first times each answer; the others count them.
async fn listen(mut wire: Wire, is_first: bool, run: Rc<Run>) -> Result<(), MessagingError> {
    loop {
        for Said(text) in wire.hear().await? {
            run.heard.set(run.heard.get() + 1);
            if !is_first {
                continue;
            }
            run.first_heard.set(run.first_heard.get() + 1);
            let at_us = text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
            let lag = run.began.elapsed().saturating_sub(Duration::from_micros(at_us));
            run.lag.borrow_mut().note(lag);
        }
    }
}

/// What comes next on a socket; text and binary are the same here.
async fn incoming(socket: &mut RawSocket) -> Result<Vec<u8>, MessagingError> {
    loop {
        match socket.recv().await {
            Incoming::Text(text) => return Ok(text.into_bytes()),
            Incoming::Binary(bytes) => return Ok(bytes),
            Incoming::Control => {}
            Incoming::Closed { code, reason } => {
                return Err(MessagingError::Socket(format!("closed with {code:?}: {reason}")));
            }
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { students, teachers, every_ms, seconds, said, heard, lag, cpu_us, faults } = self;
        writeln!(
            f,
            "a messaging server: {students} students, an answer each {every_ms} ms, {teachers} teachers"
        )?;
        writeln!(
            f,
            "a teacher hears an answer after p50 {:.1} ms  p99 {:.1} ms  max {:.0} ms",
            lag.ms(0.5),
            lag.ms(0.99),
            lag.max_ms()
        )?;
        writeln!(f, "processor time of the server    {cpu_us:.1} us/answer")?;
        writeln!(f, "said {said} in {seconds:.1} s, heard {heard}")?;
        writeln!(f, "faults                          {faults}")
    }
}
