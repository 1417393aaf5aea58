//! A core, the time, and a server that says what the test says.

use client::{Action, Core, CoreConfig, Event, Input, Now, Restored, Shown};
use protocol::{
    ClientFrame, ErrorCode, ErrorFrame, Grade, Numbered, Reply, Saved, ServerFrame, Start, Welcome,
    WelcomeLimits, decode_client,
};
use uuid::Uuid;

pub const USER: Uuid = Uuid::from_u128(0xabc);
pub const WALL: i64 = 1_763_690_400_000;

/// A core, the time, and what came out of it.
pub struct Script {
    pub core: Core,
    pub now: Now,
    pub out: Vec<Action>,
}

impl Script {
    pub fn new() -> Script {
        Script::restored(Restored::default())
    }

    pub fn restored(restored: Restored) -> Script {
        let now = Now { tick_ms: 0, wall_ms: WALL };
        let config = CoreConfig {
            token: "t".into(),
            instance: Uuid::from_u128(1),
            zone: None,
            user: Some(USER),
            seed: 7,
        };
        Script { core: Core::new(config, restored, now), now, out: Vec::new() }
    }

    pub fn input(&mut self, input: Input) -> &mut Script {
        self.core.handle(self.now, input, &mut self.out);
        self
    }

    pub fn frame(&mut self, frame: ServerFrame) -> &mut Script {
        self.input(Input::Text(frame.encode()))
    }

    pub fn after(&mut self, ms: u64) -> &mut Script {
        self.now.tick_ms += ms;
        self.now.wall_ms += ms as i64;
        self.input(Input::Tick)
    }

    pub fn live(&mut self) -> &mut Script {
        self.live_at(self.now.wall_ms)
    }

    pub fn live_at(&mut self, server_time: i64) -> &mut Script {
        let limits = WelcomeLimits { in_flight: 64, frame_bytes: 16_384 };
        self.input(Input::Tick).input(Input::Connected);
        self.frame(ServerFrame::Welcome(Box::new(Welcome {
            user_id: USER,
            server_time,
            heartbeat_ms: 25_000,
            limits,
            features: vec![],
            class: None,
            node: None,
        })))
    }

    pub fn answer(&mut self, n: u32) -> Uuid {
        self.core.answer(self.now, shown(n), good(), &mut self.out).expect("taken")
    }

    pub fn undo(&mut self, of: Uuid) -> Uuid {
        self.core.undo(self.now, of, &mut self.out).expect("taken")
    }

    pub fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.out)
    }

    pub fn sent(&mut self) -> Vec<ClientFrame> {
        let sent = self.actions().into_iter().filter_map(|action| match action {
            Action::Send(text) => Some(decode_client(&text).expect("a client sends frames")),
            _ => None,
        });
        sent.collect()
    }

    /// Commands sent since the last look, as (seq, id).
    pub fn commands(&mut self) -> Vec<(u64, Uuid)> {
        let commands = self.sent().into_iter().filter_map(|frame| match frame {
            ClientFrame::Command(Numbered { seq, command }) => Some((seq, command.id)),
            _ => None,
        });
        commands.collect()
    }

    pub fn events(&mut self) -> Vec<Event> {
        let events = self.actions().into_iter().filter_map(|action| match action {
            Action::Tell(event) => Some(event),
            _ => None,
        });
        events.collect()
    }
}

pub fn shown(n: u32) -> Shown {
    let card_id = Uuid::from_u128(u128::from(n));
    Shown { deck_id: Uuid::from_u128(9), card_id, elapsed_ms: n, confidence: None, early: false }
}

pub fn good() -> Reply {
    Reply::Grade(Grade::try_from(4).expect("a grade"))
}

pub fn saved(seq: u64) -> ServerFrame {
    ServerFrame::Saved(Saved { seq })
}

pub fn refusal(code: ErrorCode, seq: u64, id: Uuid) -> ServerFrame {
    ServerFrame::Error(ErrorFrame::refusal(code, seq, Some(id), "because"))
}

pub fn closed(code: u16) -> Input {
    Input::Closed { code: Some(code), reason: "x".into() }
}

pub fn start(n: u128) -> Start {
    Start { sitting: Uuid::from_u128(n), ..Start::default() }
}
