//! The numbers that a node gives to what it sends, so that whoever hears it notices what is missing.

use super::note::Topic;
use std::collections::BTreeMap;

/// How long after the last message a class's last number is still told, in milliseconds; then it is forgotten.
pub const CHANNEL_KEPT_MS: u64 = 60_000;

/// Topics that are counted at once; with more, the one on which nothing was sent for longest is forgotten.
pub const CHANNELS_MAX: usize = 8_192;

#[derive(Clone, Copy, Debug)]
struct Channel {
    last: u64,
    sent_ms: u64,
}

/// Numbers what one run sends: each topic counts by itself.
///
/// The invalidations are told of from the beginning, with number 0, so that a new run is noticed before it has sent
/// anything. A class that was forgotten begins above every number that was ever given: who still remembers an older one
/// sees a gap, and never mistakes news for something old.
#[derive(Clone, Debug)]
pub struct Sending {
    channels: BTreeMap<Topic, Channel>,
    highest: u64,
}

impl Default for Sending {
    fn default() -> Self {
        let inv = Channel { last: 0, sent_ms: 0 };
        Self { channels: BTreeMap::from([(Topic::Inv, inv)]), highest: 0 }
    }
}

impl Sending {
    /// The number of the next message on a topic.
    pub fn next(&mut self, topic: Topic, now_ms: u64) -> u64 {
        if self.channels.len() >= CHANNELS_MAX && !self.channels.contains_key(&topic) {
            self.forget_the_oldest();
        }
        let highest = self.highest;
        let channel = self.channels.entry(topic).or_insert(Channel { last: highest, sent_ms: now_ms });
        channel.last += 1;
        channel.sent_ms = now_ms;
        self.highest = highest.max(channel.last);
        channel.last
    }

    fn forget_the_oldest(&mut self) {
        let classes = self.channels.iter().filter(|(topic, _)| **topic != Topic::Inv);
        if let Some(oldest) = classes.min_by_key(|(_, channel)| channel.sent_ms).map(|(topic, _)| *topic) {
            self.channels.remove(&oldest);
        }
    }

    /// The last number of each topic, to be told once a second.
    pub fn beats(&mut self, now_ms: u64) -> Vec<(Topic, u64)> {
        self.channels.retain(|topic, channel| match topic {
            Topic::Inv => true,
            Topic::Class(_) => now_ms.saturating_sub(channel.sent_ms) < CHANNEL_KEPT_MS,
        });
        self.channels.iter().map(|(topic, channel)| (*topic, channel.last)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::ClassId;

    const CLASS: Topic = Topic::Class(ClassId::from_u128(1));

    #[test]
    fn each_topic_counts_by_itself_and_is_told_with_its_last_number() {
        let mut sending = Sending::default();
        assert_eq!(sending.beats(0), [(Topic::Inv, 0)]);
        assert_eq!([sending.next(Topic::Inv, 1), sending.next(Topic::Inv, 2)], [1, 2]);
        assert_eq!([sending.next(CLASS, 3), sending.next(CLASS, 4)], [3, 4]);
        assert_eq!(sending.next(Topic::Inv, 5), 3);
        assert_eq!(sending.beats(5), [(Topic::Inv, 3), (CLASS, 4)]);
    }

    #[test]
    fn topics_are_bounded_and_one_that_comes_back_gives_no_number_twice() {
        let mut sending = Sending::default();
        let class = |n: u64| Topic::Class(ClassId::from_u128(u128::from(n)));
        let first = sending.next(class(0), 0);
        for n in 1..CHANNELS_MAX as u64 + 500 {
            sending.next(class(n), n);
        }
        let beats = sending.beats(1);
        assert!(beats.len() <= CHANNELS_MAX && beats.iter().all(|(topic, _)| *topic != class(0)));
        assert!(sending.next(class(0), 9_000) > first);
    }

    #[test]
    fn a_class_that_was_forgotten_never_gives_a_number_twice() {
        let mut sending = Sending::default();
        let last = (0..9).map(|_| sending.next(CLASS, 0)).last().unwrap();
        assert_eq!(sending.beats(CHANNEL_KEPT_MS - 1).len(), 2);
        assert_eq!(sending.beats(CHANNEL_KEPT_MS), [(Topic::Inv, 0)]);
        assert!(sending.next(CLASS, CHANNEL_KEPT_MS) > last);
    }
}
