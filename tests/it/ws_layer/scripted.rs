//! An app that does what a text tells it, and tells the test what it sees.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use studyhall::ws::layer::{
    CloseCode, Closed, Receive, Socket, SocketApp, SocketHandle, SocketOptions, SocketRoute,
};

use super::server::PATIENCE;

/// Mail for a scripted socket: a text that it sends on, or acts upon.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Note(pub String);

/// What the apps of one route tell.
pub enum Told {
    Opened(SocketHandle<Note>),
    Text(String),
    Closed(Closed),
}

/// The test's end of what the apps tell.
pub struct Ear(Receiver<Told>);

impl Ear {
    fn next(&self) -> Told {
        self.0.recv_timeout(PATIENCE).expect("the app tells something")
    }

    /// The next opening, skipping the texts before it.
    pub fn opened(&self) -> SocketHandle<Note> {
        loop {
            match self.next() {
                Told::Opened(handle) => return handle,
                Told::Text(_) => {}
                Told::Closed(closed) => panic!("{closed:?} instead of an opening"),
            }
        }
    }

    /// The end, skipping what was told before it.
    pub fn closed(&self) -> Closed {
        loop {
            match self.next() {
                Told::Closed(closed) => return closed,
                Told::Opened(_) | Told::Text(_) => {}
            }
        }
    }

    /// The texts that were received so far.
    pub fn texts(&self) -> Vec<String> {
        self.0
            .try_iter()
            .filter_map(|told| match told {
                Told::Text(text) => Some(text),
                Told::Opened(_) | Told::Closed(_) => None,
            })
            .collect()
    }
}

/// The app.
pub struct Scripted {
    tell: Sender<Told>,
}

/// A route to scripted apps, and the ear for them.
pub fn route(options: SocketOptions) -> (impl Fn() -> Vec<SocketRoute> + Send + Clone + 'static, Ear) {
    let (tell, ear) = mpsc::channel();
    let tell = Arc::new(Mutex::new(tell));
    let routes = move || {
        let tell = tell.lock().unwrap().clone();
        vec![SocketRoute::new("/", options.clone(), move |_| Ok(Scripted { tell: tell.clone() }))]
    };
    (routes, Ear(ear))
}

impl Scripted {
    fn act(&self, script: &str, socket: &mut Socket<'_, Self>) {
        let (order, rest) = script.split_once(' ').unwrap_or((script, ""));
        match order {
            "close" => socket.close(CloseCode::new(rest.parse().expect("a code")), "as told"),
            "panic" => panic!("as told"),
            "sign-in" => {
                socket.signed_in();
                socket.send_text("signed in");
            }
            "pause" => socket.pause_reading(),
            "resume" => socket.resume_reading(),
            "wake" => socket.wake_after(Duration::from_millis(rest.parse().expect("milliseconds"))),
            "flood" => {
                let card = "x".repeat(64 * 1024);
                (0..rest.parse().expect("a number")).for_each(|_| socket.send_text(&card));
            }
            "parts" => socket.send_text_parts(&["one ", "two ", "three ", "four"]),
            "stuff" => {
                let own = socket.handle::<Note>();
                let taken = (0..1_000).filter(|_| own.try_send(Note("stuffed".to_owned())).is_ok()).count();
                socket.send_text(&format!("took {taken}"));
            }
            _ => socket.send_text(script),
        }
    }
}

impl SocketApp for Scripted {
    fn on_open(&mut self, socket: &mut Socket<'_, Self>) {
        let _ = self.tell.send(Told::Opened(socket.handle()));
    }

    fn on_text(&mut self, text: &str, socket: &mut Socket<'_, Self>) {
        let _ = self.tell.send(Told::Text(text.to_owned()));
        self.act(text, socket);
    }

    fn on_alarm(&mut self, socket: &mut Socket<'_, Self>) {
        socket.send_text("awake");
    }

    fn on_close(&mut self, closed: &Closed) {
        let _ = self.tell.send(Told::Closed(closed.clone()));
    }
}

impl Receive<Note> for Scripted {
    fn on_mail(&mut self, Note(script): Note, socket: &mut Socket<'_, Self>) {
        self.act(&script, socket);
    }
}
