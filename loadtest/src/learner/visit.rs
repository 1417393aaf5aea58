//! One connection of a learner, from the handshake to its end.

use super::{LAST_WITHIN, Learner, Manner, Unsettled, now_ms};
use crate::oracle::{Fault, Oracle};
use client::{ConnectError, RawError, RawOptions, RawSocket};
use protocol::{Answer, Body, ClientFrame, Command, Grade, Hello, Numbered, Reply, ServerFrame, Start};
use std::collections::VecDeque;
use std::future::pending;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Kernel buffer of somebody who does not read: the smallest there is.
const FROZEN_BUFFER_BYTES: u32 = 4 * 1024;
/// Answers after which somebody vanishes.
const VANISHES_AFTER: u64 = 5;

/// How a connection ended.
pub enum Visit {
    /// The run is over.
    Over,
    /// By the learner, as planned.
    Dropped {
        /// When.
        at: Instant,
        /// The longest wait before it comes back.
        back_within: Duration,
    },
    /// By the server, with this code; 0 without one.
    Cut(u16),
    /// It did not begin: too many at once, said the server, and when to try again.
    AskedToWait(Duration),
}

/// One open connection.
struct Link {
    socket: RawSocket,
    oracle: Oracle,
    /// Answers of this connection that the next card is still to come for: intended and sent.
    awaiting: VecDeque<(Instant, Instant)>,
    opened: Instant,
    started: bool,
    first_card: bool,
    read_from: Instant,
    /// Unchecked: how many cards are there to be answered.
    blank: u64,
    /// Cards that are still to come for the start and for no answer.
    filling: u8,
    seq: u64,
}

impl Learner {
    /// Connects and studies until the connection ends.
    pub(super) async fn visit(&mut self) -> Result<Visit, Fault> {
        let opened = Instant::now();
        let world = &self.world;
        let mut options = RawOptions::new(format!("ws://{}", world.server));
        options.local_addr = world.from(self.number);
        options.receive_buffer_bytes = (self.manner == Manner::Frozen).then_some(FROZEN_BUFFER_BYTES);
        let socket = match RawSocket::connect(&options).await {
            Ok(socket) => socket,
            Err(ConnectError::Refused { status: 429 | 503, retry_after_s: Some(seconds) }) => {
                return Ok(Visit::AskedToWait(Duration::from_secs(seconds)));
            }
            Err(error) => return Err(ended(error)),
        };
        let oracle = Oracle::new(self.user, world.deck, world.cards, usize::from(world.window));
        let mut link = Link {
            socket,
            oracle,
            awaiting: VecDeque::new(),
            opened,
            started: false,
            first_card: false,
            read_from: opened,
            blank: 0,
            filling: world.window,
            seq: 0,
        };
        let hello = Hello {
            token: self.token.clone(),
            instance: self.instance,
            client_time: crate::identity::unix_ms(),
            last_saved: self.last_saved,
            zone: None,
        };
        let hellos = if world.unchecked { usize::from(world.window) } else { 1 };
        for _ in 0..hellos {
            send(&mut link.socket, &ClientFrame::Hello(hello.clone())).await?;
        }
        let ended = self.study(&mut link).await;
        if link.first_card {
            self.world.figures.borrow_mut().studying -= 1;
        }
        ended
    }

    async fn study(&mut self, link: &mut Link) -> Result<Visit, Fault> {
        loop {
            let now = Instant::now();
            if let Some((at, back_within)) = self.world.drop_at.get().filter(|(at, _)| *at <= now)
                && self.dropped_at.is_none()
                && link.opened < at
            {
                return Ok(Visit::Dropped { at, back_within });
            }
            if self.is_over(now) {
                return Ok(Visit::Over);
            }
            if link.first_card && self.manner == Manner::Frozen {
                return self.freeze(link).await;
            }
            if self.manner == Manner::Vanishing && self.given >= VANISHES_AFTER {
                return self.vanish(link).await;
            }
            if self.answer_if_due(link, now).await? {
                continue;
            }
            let wake = self.wake(link, now);
            tokio::select! {
                biased;
                frame = link.socket.recv_frame(), if now >= link.read_from => match frame {
                    Ok(frame) => self.read(link, &frame).await?,
                    Err(RawError::Closed { code, .. }) => return Ok(Visit::Cut(code.unwrap_or(0))),
                    Err(error) => return Err(ended(error)),
                },
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    /// The next moment at which something is to be done though nothing comes.
    fn wake(&self, link: &Link, now: Instant) -> Instant {
        let mut wake = self.world.pace.end() + LAST_WITHIN;
        if self.world.pace.end() > now {
            wake = self.world.pace.end();
        }
        if link.read_from > now {
            wake = wake.min(link.read_from);
        }
        if let Some((at, _)) = self.world.drop_at.get().filter(|_| self.dropped_at.is_none()) {
            wake = wake.min(at);
        }
        let due = self.intents.due(&self.world.pace).filter(|due| *due > now && !self.has_given_all());
        due.map_or(wake, |due| wake.min(due))
    }

    /// Sends the answer that is due, when there is a card for it.
    async fn answer_if_due(&mut self, link: &mut Link, now: Instant) -> Result<bool, Fault> {
        let due = self.intents.due(&self.world.pace).filter(|due| *due <= now);
        let Some(intended) = due.filter(|_| link.started && !self.has_given_all()) else { return Ok(false) };
        let Some((deck_id, card_id)) = self.card(link) else { return Ok(false) };
        let id = self.ids.make(now_ms());
        let answer = answer(deck_id, card_id, self.sitting);
        self.intents.leaves(now, &self.world.pace);
        self.given += 1;
        self.world.figures.borrow_mut().sent(now.saturating_duration_since(intended));
        let unsettled = Unsettled { id, answer, intended, sent: now };
        link.awaiting.push_back((intended, now));
        self.send_answer(link, &unsettled).await?;
        if !self.world.unchecked {
            self.outbox.push_back(unsettled);
        }
        Ok(true)
    }

    fn card(&self, link: &mut Link) -> Option<(Uuid, Uuid)> {
        if !self.world.unchecked {
            return link.oracle.on_screen();
        }
        link.blank = link.blank.checked_sub(1)?;
        Some((self.world.deck, self.user))
    }

    async fn send_answer(&mut self, link: &mut Link, unsettled: &Unsettled) -> Result<(), Fault> {
        let card = unsettled.answer.card_id;
        let seq = if self.world.unchecked {
            link.seq += 1;
            link.seq
        } else {
            link.oracle.sends(unsettled.id, card, &mut self.answered)
        };
        let command = Command { id: unsettled.id, body: Body::Answer(unsettled.answer.clone()) };
        send(&mut link.socket, &ClientFrame::Command(Numbered { seq, command })).await
    }

    async fn read(&mut self, link: &mut Link, frame: &ServerFrame) -> Result<(), Fault> {
        let now = Instant::now();
        if self.manner == Manner::Slow {
            link.read_from = now + self.world.slow_read;
        }
        if self.world.unchecked {
            self.take(link, frame, now);
            return Ok(());
        }
        let read = link.oracle.reads(frame, &mut self.answered)?;
        for id in read.durable {
            self.settle(id, now);
        }
        if let Some(id) = read.again {
            // The server is busy: in a load test that is a finding, though the protocol allows it.
            return Err(Fault::Refused(format!("busy, answer {id}")));
        }
        match frame {
            ServerFrame::Welcome(_) => self.welcomed(link).await?,
            ServerFrame::Card(_) => self.take(link, frame, now),
            ServerFrame::Beat => send(&mut link.socket, &ClientFrame::Beat).await?,
            ServerFrame::Goodbye(_) => return Err(Fault::Ended("the server says goodbye".to_owned())),
            ServerFrame::Renewed(_)
            | ServerFrame::Queue(_)
            | ServerFrame::Graded(_)
            | ServerFrame::Saved(_)
            | ServerFrame::Error(_)
            | ServerFrame::Changed(_)
            | ServerFrame::Done(_)
            | ServerFrame::Class(_)
            | ServerFrame::Unknown(_) => {}
        }
        Ok(())
    }

    /// Sends what has no verdict again, then starts.
    async fn welcomed(&mut self, link: &mut Link) -> Result<(), Fault> {
        let unsettled: Vec<Unsettled> = self.outbox.iter().cloned().collect();
        for one in &unsettled {
            self.send_answer(link, one).await?;
        }
        let start = Start {
            sitting: self.sitting,
            decks: Some(vec![self.world.deck]),
            window: Some(self.world.window),
            ..Start::default()
        };
        send(&mut link.socket, &ClientFrame::Start(start)).await
    }

    /// A card came: the answer before it is not waited for any longer.
    fn take(&mut self, link: &mut Link, frame: &ServerFrame, now: Instant) {
        if !matches!(frame, ServerFrame::Card(_)) {
            return;
        }
        link.blank += 1;
        link.started = true;
        let mut figures = self.world.figures.borrow_mut();
        if link.filling > 0 {
            link.filling -= 1;
        } else if let Some((intended, sent)) = link.awaiting.pop_front()
            && self.manner == Manner::Plain
        {
            figures.card(now - intended, now - sent);
        }
        if !link.first_card {
            link.first_card = true;
            figures.studying += 1;
            figures.to_first_card.note(now - link.opened);
            if let Some(at) = self.dropped_at {
                figures.back.note(now - at);
            }
            self.intents.begin(now, &self.world.pace);
        }
    }

    fn settle(&mut self, id: Uuid, now: Instant) {
        let Some(place) = self.outbox.iter().position(|one| one.id == id) else { return };
        let Some(one) = self.outbox.remove(place) else { return };
        self.answered.settle(one.answer.card_id);
        self.last_saved = self.last_saved.max(Some(one.id));
        let mut figures = self.world.figures.borrow_mut();
        match self.manner {
            Manner::Plain => figures.saved(now - one.intended, now - one.sent),
            // How long a message lay unread says nothing about the server.
            Manner::Slow | Manner::Frozen | Manner::Vanishing => figures.saved_untimed(),
        }
    }

    /// Asks and asks and never reads, until the server cuts the connection or the run is over.
    async fn freeze(&mut self, link: &mut Link) -> Result<Visit, Fault> {
        let start = Start { sitting: self.sitting, decks: Some(vec![self.world.deck]), ..Start::default() };
        while Instant::now() < self.world.pace.end() {
            let frame = ClientFrame::Start(start.clone());
            let asked = send(&mut link.socket, &frame);
            match tokio::time::timeout(Duration::from_secs(1), asked).await {
                Ok(Ok(())) => tokio::time::sleep(Duration::from_millis(20)).await,
                Ok(Err(_cut)) => return Ok(Visit::Cut(0)),
                Err(_full) => {}
            }
        }
        Ok(Visit::Over)
    }

    /// Keeps the connection open and does nothing more: what a lost network looks like from the other side.
    async fn vanish(&mut self, _link: &mut Link) -> Result<Visit, Fault> {
        let end = self.world.pace.end();
        tokio::select! {
            () = tokio::time::sleep_until(end.into()) => Ok(Visit::Over),
            () = pending() => Ok(Visit::Over),
        }
    }
}

/// Right with difficulty: it schedules a new card, and brings every card again on the same day.
fn answer(deck_id: Uuid, card_id: Uuid, sitting: Uuid) -> Answer {
    Answer {
        deck_id,
        card_id,
        reply: Reply::Grade(with_difficulty()),
        elapsed_ms: 1_000,
        sitting: Some(sitting),
        confidence: None,
        early: false,
    }
}

fn with_difficulty() -> Grade {
    Grade::try_from(3).unwrap_or_else(|_| std::process::abort())
}

async fn send(socket: &mut RawSocket, frame: &ClientFrame) -> Result<(), Fault> {
    socket.send_frame(frame).await.map_err(ended)
}

fn ended(error: impl std::fmt::Display) -> Fault {
    Fault::Ended(error.to_string())
}
