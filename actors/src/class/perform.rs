//! What a lesson wants done. Whatever waits is done beside it, and comes back as mail.

use super::actor::{ClassActor, Effects, Live, not_stored};
use super::figures::count;
use super::messages::{MonitorClose, Picture, ToClass, ToMonitor};
use crate::limits::{CLASS_RESTS_MS, RECORD_STORED_WITHIN_MS};
use domain::ids::UserId;
use domain::lesson::count::{Count, answers, votes};
use domain::lesson::output::Effect;
use domain::lesson::report::Report;
use domain::lesson::{Closing, MonitorId, NotStored, Record, View};
use domain::limits::MONITORS_PER_LESSON;
use domain::session::{Facts, Want};
use ports::PeopleError;
use std::sync::Arc;
use std::time::Duration;

/// How often it is tried to keep extra time.
const EXTRA_TIME_TRIES: usize = 120;

impl ClassActor {
    pub(super) fn perform(&self, live: &mut Live, fx: Effects) {
        for effect in fx {
            match effect {
                Effect::Store(record) => self.store(live, record),
                Effect::Publish(document) => {
                    live.document = Some(document);
                    self.tell(live);
                }
                Effect::Verdict { monitor, seq, id, refusal } => {
                    self.send(live, monitor, ToMonitor::Verdict { seq, id, refusal });
                }
                Effect::Snapshot { monitor, view } => {
                    let picture = self.picture(live, None, &view);
                    self.show(live, monitor, picture);
                }
                Effect::Delta { monitors, from, view } => {
                    let picture = self.picture(live, Some(from), &view);
                    for monitor in monitors {
                        self.show(live, monitor, picture.clone());
                    }
                }
                Effect::Close { monitor, why } => {
                    let why = match why {
                        Closing::TooMany => MonitorClose::TooMany,
                        Closing::OwnerChanged => MonitorClose::OwnerChanged,
                    };
                    self.send(live, monitor, ToMonitor::Close(why));
                    self.drop_monitor(live, monitor);
                }
                Effect::CallCells => self.tell(live),
                Effect::Recount(students) => self.recount(live, students),
                Effect::CarryOut(accepting) => self.carry_out(live, accepting),
                Effect::KeepExtraTime { student, percent } => self.keep_extra_time(student, percent),
                Effect::ChooseWarmUp { said, deck, count, students } => {
                    self.choose_warm_up(said, deck, count, students);
                }
                Effect::Report(report) => self.keep_report(*report),
                Effect::Retire => live.retire(),
            }
        }
    }

    pub(super) fn send(&self, live: &mut Live, monitor: MonitorId, what: ToMonitor) {
        let is_full = live.monitors.get(&monitor).is_some_and(|watcher| watcher.to.try_send(what).is_err());
        if is_full {
            // Its socket ends when the sender is gone, and says then that nobody watches.
            self.drop_monitor(live, monitor);
        }
    }

    fn show(&self, live: &mut Live, monitor: MonitorId, picture: Picture) {
        self.counted(|counters| count(&counters.sent));
        self.send(live, monitor, ToMonitor::Picture(picture));
    }

    /// The frames of a picture: encoded once, for however many who are sent it.
    fn picture(&self, live: &mut Live, from: Option<u64>, view: &Arc<View>) -> Picture {
        if let Some((_, picture)) = live.encoded.iter().find(|(known, _)| Arc::ptr_eq(known, view)) {
            return picture.clone();
        }
        self.counted(|counters| count(&counters.encoded));
        let frames = self.classes().map(|classes| (classes.options.encode)(from, view)).unwrap_or_default();
        let picture: Picture = frames.into();
        live.encoded.retain(|(known, _)| known.version >= view.version);
        if live.encoded.len() > MONITORS_PER_LESSON {
            live.encoded.clear();
        }
        live.encoded.push((view.clone(), picture.clone()));
        picture
    }

    fn store(&self, live: &Live, record: Arc<Record>) {
        let Some(classes) = self.classes() else { return };
        let (lessons, holder, link) = (classes.options.lessons.clone(), live.holder, self.link.clone());
        let (class, version) = (self.class, record.document.version);
        self.shared.runtime().spawn(async move {
            let within = Duration::from_millis(RECORD_STORED_WITHIN_MS);
            let outcome = match tokio::time::timeout(within, lessons.store(record, holder)).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => {
                    tracing::warn!(%error, %class, "a lesson's record could not be stored");
                    Err(not_stored(&error))
                }
                Err(_) => {
                    tracing::warn!(%class, "a lesson's record was not stored in time");
                    Err(NotStored::Unknown)
                }
            };
            drop(link.send(ToClass::Stored { version, outcome }).await);
        });
    }

    /// Students of whom nobody tells are counted from their logs.
    fn recount(&self, live: &Live, students: Vec<UserId>) {
        let record = live.lesson.record();
        let (opened_ms, rounds) = (record.opened_ms, record.rounds());
        for student in students {
            let (shared, link, class) = (self.shared.clone(), self.link.clone(), self.class);
            let (rounds, extra) = (rounds.clone(), live.extra.get(&student).copied().unwrap_or(0));
            self.shared.runtime().spawn(async move {
                let read = shared.reader.answer(student, Want::Since(opened_ms)).await;
                let figures = match read {
                    Ok(Facts::CardLog(log)) => {
                        let counted = answers(class, opened_ms, &log);
                        let mut figures = Count::of(class, opened_ms, &log).figures();
                        figures.votes = votes(&counted, &rounds, extra);
                        figures.as_of_ms = shared.clock.now().wall_ms;
                        Some(Box::new(figures))
                    }
                    Ok(_) | Err(_) => None,
                };
                drop(link.send(ToClass::Recounted { student, figures }).await);
            });
        }
    }

    /// Extra time is the enrollment's: what it is is read from there, by this class as by anybody.
    fn keep_extra_time(&self, student: UserId, percent: u16) {
        let Some(classes) = self.classes() else { return };
        let (people, link, class) = (classes.people.clone(), self.link.clone(), self.class);
        self.shared.runtime().spawn(async move {
            for _ in 0..EXTRA_TIME_TRIES {
                match people.set_extra_time(class, student, percent).await {
                    Ok(()) => return drop(link.send(ToClass::Look).await),
                    // Who has left the class needs none.
                    Err(PeopleError::NoSuchPerson | PeopleError::NoSuchClass) => return,
                    Err(error) => tracing::warn!(%error, %class, "extra time could not be kept"),
                }
                tokio::time::sleep(Duration::from_millis(CLASS_RESTS_MS)).await;
            }
        });
    }

    fn keep_report(&self, report: Report) {
        let Some(classes) = self.classes() else { return };
        let (lessons, link, class) = (classes.options.lessons.clone(), self.link.clone(), self.class);
        self.shared.runtime().spawn(async move {
            match lessons.keep_report(Arc::new(report)).await {
                Ok(()) => drop(link.send(ToClass::Reported).await),
                // The lesson gives it again.
                Err(error) => tracing::warn!(%error, %class, "a lesson's report could not be stored"),
            }
        });
    }
}
