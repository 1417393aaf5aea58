//! Teachers who watch. The first of each class reads every frame; the others count what comes, since to read the same fifty
//! times would be the load generator's own work.

use super::{ClassError, LOOK_EVERY, Nodes};
use crate::figures::Times;
use crate::identity::{Identities, unix_ms};
use client::{Incoming, RawOptions, RawSocket};
use protocol::{ClientFrame, Hello, MonitorFrame, Rows, ServerFrame, Teach, Teaching};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Lessons are open within this time.
const OPEN_WITHIN: Duration = Duration::from_secs(20);
/// A socket that says nothing for two heartbeats of 25 s is closed.
const BEAT_EVERY: Duration = Duration::from_secs(15);
/// Faults that are kept in words.
const FAULTS_KEPT: usize = 20;

/// What all teachers saw.
#[derive(Default)]
pub struct Seen {
    /// Everybody is there: what comes before is the cost of joining.
    pub joined: bool,
    /// From an answer's sending to the frame that shows it.
    pub lag: Times,
    /// Frames and bytes at one monitor while learners came, and afterwards.
    pub joining: Traffic,
    /// The same of what came afterwards.
    pub steady: Traffic,
    /// Frames at all monitors but those that were read.
    pub unread: Traffic,
    /// What must not be.
    pub faults: Vec<String>,
    /// Probes' answers that were sent and not seen yet: which answer of the learner it is, and when it left.
    pub awaited: HashMap<Uuid, VecDeque<(u32, Instant)>>,
    answered: HashMap<Uuid, u64>,
    /// Lessons that were opened.
    opened: usize,
    since: Option<Instant>,
}

/// Frames and bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Frames.
    pub frames: u64,
    /// Bytes of their texts.
    pub bytes: u64,
}

impl Traffic {
    fn note(&mut self, text: &str) {
        self.frames += 1;
        self.bytes += text.len() as u64;
    }
}

impl Seen {
    /// Answers that the teachers of all classes see.
    pub fn answered(&self) -> u64 {
        self.answered.values().sum()
    }

    /// Seconds since everybody was there.
    pub fn steady_s(&self) -> f64 {
        self.since.map_or(0.0, |since| since.elapsed().as_secs_f64())
    }

    pub(super) fn fault(&mut self, what: String) {
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(what);
        }
    }

    fn traffic(&mut self, text: &str) {
        if self.joined {
            self.since.get_or_insert_with(Instant::now);
            self.steady.note(text);
        } else {
            self.joining.note(text);
        }
    }

    fn rows(&mut self, class: Uuid, rows: &Rows, is_whole: bool) {
        let now = Instant::now();
        for student in &rows.students {
            let Some(awaited) = self.awaited.get_mut(&student.student_id) else { continue };
            while let Some((_, sent)) = awaited.front().copied().filter(|(nth, _)| *nth <= student.answered) {
                awaited.pop_front();
                if self.joined {
                    self.lag.note(now - sent);
                }
            }
        }
        if is_whole {
            let before = self.answered.insert(class, rows.totals.answered).unwrap_or(0);
            if rows.totals.answered < before {
                self.fault(format!("a sum fell from {before} to {}", rows.totals.answered));
            }
        }
    }
}

/// Opens each class's lesson and has so many teachers watch it.
///
/// # Errors
/// When one of them is not let in.
pub async fn watch_all(
    nodes: &Nodes,
    people: &Identities,
    classes: &[Uuid],
    teachers: usize,
    seen: &Rc<RefCell<Seen>>,
) -> Result<Vec<JoinHandle<()>>, ClassError> {
    let mut tasks = Vec::new();
    for (number, class) in classes.iter().enumerate() {
        let mut first = enter(nodes.address(number), people, *class).await?;
        open(&mut first).await?;
        tasks.push(tokio::task::spawn_local(read(first, *class, seen.clone())));
        for further in 1..teachers {
            let socket = enter(nodes.address(number + further), people, *class).await?;
            tasks.push(tokio::task::spawn_local(count(socket, seen.clone())));
        }
    }
    // What is answered before is no answer of the lesson.
    let until = Instant::now() + OPEN_WITHIN;
    while seen.borrow().opened < classes.len() {
        if Instant::now() > until {
            return Err(ClassError::Monitor("a lesson does not open".to_owned()));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(tasks)
}

/// A monitor socket that was let in.
async fn enter(server: SocketAddr, people: &Identities, class: Uuid) -> Result<RawSocket, ClassError> {
    let said = |error: String| ClassError::Monitor(error);
    let options = RawOptions::new(format!("ws://{server}/ws/v1/classes/{class}/monitor"));
    let mut socket = RawSocket::connect(&options).await.map_err(|error| said(error.to_string()))?;
    let hello = Hello {
        token: people.token(people.teacher(), "teacher")?,
        instance: Uuid::new_v4(),
        client_time: unix_ms(),
        last_saved: None,
        zone: None,
    };
    let sent = socket.send_frame(&ClientFrame::Hello(hello)).await;
    sent.map_err(|error| said(error.to_string()))?;
    match socket.recv().await {
        Incoming::Text(text) if text.contains("\"welcome\"") => Ok(socket),
        other @ (Incoming::Text(_) | Incoming::Binary(_) | Incoming::Control | Incoming::Closed { .. }) => {
            Err(said(format!("{other:?} instead of a welcome")))
        }
    }
}

async fn open(socket: &mut RawSocket) -> Result<(), ClassError> {
    let command = Teaching { seq: 1, id: Uuid::now_v7(), body: Teach::Open { lesson: Uuid::now_v7() } };
    let text = serde_json::to_string(&command).map_err(|error| ClassError::Monitor(error.to_string()))?;
    socket.send_text(text).await.map_err(|error| ClassError::Monitor(error.to_string()))
}

/// Reads every frame.
async fn read(mut socket: RawSocket, class: Uuid, seen: Rc<RefCell<Seen>>) {
    let (mut version, mut beat) = (None, Instant::now());
    while let Some(text) = next(&mut socket, &mut beat, &seen).await {
        let mut seen = seen.borrow_mut();
        seen.traffic(&text);
        match MonitorFrame::decode(&text) {
            Ok(MonitorFrame::Snapshot(picture)) => {
                version = (!picture.more).then_some(picture.version);
                seen.rows(class, &picture.rows, !picture.more);
            }
            Ok(MonitorFrame::Delta(changes)) => {
                if version != Some(changes.from) {
                    seen.fault(format!("a delta from {} where {version:?} is known", changes.from));
                }
                if !changes.more {
                    version = Some(changes.to);
                }
                seen.rows(class, &changes.rows, !changes.more);
            }
            // The one command that was given: the lesson is open.
            Ok(MonitorFrame::Common(frame)) => {
                seen.opened += usize::from(matches!(*frame, ServerFrame::Saved(_)));
            }
            Err(error) => seen.fault(error.to_string()),
        }
    }
}

/// Counts what comes.
async fn count(mut socket: RawSocket, seen: Rc<RefCell<Seen>>) {
    let mut beat = Instant::now();
    while let Some(text) = next(&mut socket, &mut beat, &seen).await {
        let mut seen = seen.borrow_mut();
        if seen.joined {
            seen.unread.note(&text);
        }
    }
}

/// The next text; a beat is answered, and sent where nothing else is to be said. `None` at the end, which is a fault.
async fn next(socket: &mut RawSocket, beat: &mut Instant, seen: &RefCell<Seen>) -> Option<String> {
    loop {
        match socket.recv().await {
            Incoming::Text(text) => {
                if text.contains("\"type\":\"beat\"") || beat.elapsed() > BEAT_EVERY {
                    *beat = Instant::now();
                    // The end that this may meet comes with the next read.
                    let _ = socket.send_frame(&ClientFrame::Beat).await;
                }
                return Some(text);
            }
            Incoming::Control => {}
            Incoming::Binary(_) => seen.borrow_mut().fault("a binary message".to_owned()),
            Incoming::Closed { code, reason } => {
                seen.borrow_mut().fault(format!("a teacher's socket closed with {code:?}: {reason}"));
                return None;
            }
        }
    }
}
