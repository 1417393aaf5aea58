//! `studyhall top`: a process as its operator's port tells it, on the terminal, again and again.
//!
//! | file | what |
//! |---|---|
//! | `fetch` | asks the port |
//! | `view` | two statuses into lines: pure |
//! | `text` | numbers as people read them: pure |

pub mod fetch;
pub mod text;
pub mod view;

use crate::admin::status::Status;
use crate::study::desk::Key;
use crate::study::terminal::{Terminal, Typed};
use fetch::{Asked, FetchError};
use std::io::{self, Write};
use std::time::Duration;
use tokio::sync::mpsc;

/// How it is to be shown.
#[derive(Clone, Debug)]
pub struct TopOptions {
    /// The operator's port.
    pub at: Asked,
    /// Between two looks.
    pub interval: Duration,
    /// Two looks, and the end.
    pub once: bool,
    /// JSON instead of a screen: one object a look.
    pub json: bool,
}

/// Why it ended.
#[derive(Debug, thiserror::Error)]
pub enum TopError {
    /// The port does not answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The terminal cannot be used.
    #[error("the terminal cannot be used: {0} (--once and --json need none)")]
    Terminal(#[from] io::Error),
}

/// Shows it until it is told to stop.
///
/// # Errors
/// [`TopError`]. On a screen a port that stops answering is told there, and asked again.
pub async fn run(options: TopOptions) -> Result<(), TopError> {
    if options.json || options.once {
        return plainly(&options).await;
    }
    let (_terminal, mut keys) = Terminal::take()?;
    let mut shown: Option<Status> = None;
    loop {
        let lines = match fetch::status(&options.at).await {
            Ok(now) => {
                let lines = view::lines(shown.as_ref(), &now, Terminal::width());
                shown = Some(now);
                lines
            }
            Err(error) => vec![error.to_string(), String::new(), "It is asked again. q ends.".to_owned()],
        };
        tokio::task::block_in_place(|| Terminal::draw(&lines))?;
        if is_over(&mut keys, options.interval).await {
            return Ok(());
        }
    }
}

/// Waits for the next look, or for the key that ends it.
async fn is_over(keys: &mut mpsc::Receiver<Typed>, interval: Duration) -> bool {
    let until = tokio::time::Instant::now() + interval;
    loop {
        match tokio::time::timeout_at(until, keys.recv()).await {
            Ok(Some(Typed::Key(Key::Quit)) | None) => return true,
            Ok(Some(Typed::Resized)) | Err(_) => return false,
            Ok(Some(Typed::Key(_))) => {}
        }
    }
}

/// Without a screen: for scripts. Rates are of the time between two looks, so there are always two.
async fn plainly(options: &TopOptions) -> Result<(), TopError> {
    let mut before = fetch::status(&options.at).await?;
    loop {
        tokio::time::sleep(options.interval).await;
        let now = fetch::status(&options.at).await?;
        let text = if options.json {
            format!("{}\n", view::json(&before, &now))
        } else {
            view::lines(Some(&before), &now, usize::MAX).join("\n") + "\n"
        };
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // Who has read enough ends it without a complaint.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
        if options.once {
            return Ok(());
        }
        before = now;
    }
}
