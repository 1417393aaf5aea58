//! Figures that were summed up lately. They are shown again as long as nothing of the learner's was stored since, which the
//! store says where it can. What may be late is shown late, up to a bound, while it is summed up anew: a figure may be of a
//! minute ago, and is never one that was not true.

use super::figures::{FiguresQuery, LearnerFigures, summed_up};
use crate::http::limits::{
    FIGURES_BESIDE_AT_ONCE, FIGURES_BYTES_MAX, FIGURES_LATE_MS_MAX, FIGURES_SHOWN_MS, FIGURES_WAITED_FOR_MAX,
};
use domain::ids::UserId;
use ports::{ReviewStore, StoreError};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What figures are about, the learner apart: a digest of days and decks.
type About = [u8; 16];

/// Whose figures, about what, and from when on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Key {
    user: UserId,
    about: About,
    since_ms: i64,
}

/// Figures as they were.
#[derive(Clone, Debug)]
struct Kept {
    figures: Arc<LearnerFigures>,
    /// The learner's number in the store, taken before the log was read.
    version: Option<u64>,
    at: Instant,
}

/// What may be done with what is remembered.
#[derive(Clone, Debug)]
enum Found {
    /// Nothing else could be summed up now.
    True(Arc<LearnerFigures>),
    /// It was true a moment ago, and nobody knows whether it still is.
    Recent(Arc<LearnerFigures>),
    /// It was true a while ago.
    Late(Arc<LearnerFigures>),
    /// There is nothing, or it is too old.
    Nothing,
}

/// Figures that were summed up lately; one a process.
#[derive(Debug, Default)]
pub struct KeptFigures {
    kept: Mutex<Generations>,
    /// What is being summed up beside, each once.
    beside: Mutex<HashSet<About>>,
    /// Whoever waits for many learners' figures waits for those who sum up many already: they may be the same.
    turn: tokio::sync::Mutex<()>,
}

/// Two generations, of which the older is dropped whole when the newer has its share of bytes.
#[derive(Debug, Default)]
struct Generations {
    newer: HashMap<Key, Kept>,
    newer_bytes: usize,
    older: HashMap<Key, Kept>,
}

impl KeptFigures {
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beside(&self) -> MutexGuard<'_, HashSet<About>> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, key: &Key, version: Option<u64>, now: Instant) -> Found {
        let kept = {
            let generations = self.lock();
            generations.newer.get(key).or_else(|| generations.older.get(key)).cloned()
        };
        let Some(kept) = kept else { return Found::Nothing };
        let age = now.saturating_duration_since(kept.at);
        if version.is_some() && version == kept.version {
            Found::True(kept.figures)
        } else if age >= Duration::from_millis(FIGURES_LATE_MS_MAX) {
            Found::Nothing
        } else if version.is_none() && age < Duration::from_millis(FIGURES_SHOWN_MS.unsigned_abs()) {
            Found::Recent(kept.figures)
        } else {
            Found::Late(kept.figures)
        }
    }

    fn keep(&self, key: Key, kept: Kept) {
        let mut generations = self.lock();
        if generations.newer_bytes >= FIGURES_BYTES_MAX / 2 {
            generations.older = std::mem::take(&mut generations.newer);
            generations.newer_bytes = 0;
        }
        generations.newer_bytes += bytes_of(&kept.figures);
        if let Some(before) = generations.newer.insert(key, kept) {
            generations.newer_bytes = generations.newer_bytes.saturating_sub(bytes_of(&before.figures));
        }
    }
}

/// What figures take in memory, about.
pub(super) fn bytes_of(figures: &LearnerFigures) -> usize {
    const EACH: usize = 256;
    const SUMS: usize = 64;
    let sittings: usize = figures.sittings.iter().map(|sitting| 128 + 16 * sitting.decks.len()).sum();
    EACH + SUMS * (figures.days.len() + figures.decks.len()) + sittings + 16 * figures.cards.len()
}

/// What these learners did, in their order; `now_ms` is what is summed up now is as of.
///
/// # Errors
/// A log could not be read.
pub async fn figures<S: ReviewStore>(
    kept: &Arc<KeptFigures>,
    store: &Arc<S>,
    users: Vec<UserId>,
    query: FiguresQuery,
    now_ms: i64,
) -> Result<Vec<Arc<LearnerFigures>>, StoreError> {
    let asked = Asked { kept: kept.clone(), store: store.clone(), about: about(&query), query, now_ms };
    let mut seen = asked.look(users);
    // Few that have changed are waited for.
    let late = seen.iter().filter(|(_, found)| matches!(found, Found::Late(_) | Found::Recent(_)));
    let waits = !asked.query.may_be_late || late.count() <= FIGURES_WAITED_FOR_MAX;
    let missing = |seen: &[(UserId, Found)]| -> Vec<UserId> {
        let is_missing = |found: &Found| match found {
            Found::True(_) => false,
            Found::Recent(_) | Found::Late(_) => waits,
            Found::Nothing => true,
        };
        seen.iter().filter(|(_, found)| is_missing(found)).map(|(user, _)| *user).collect()
    };
    let mut wanted = missing(&seen);
    let _turn = if wanted.len() > FIGURES_WAITED_FOR_MAX {
        let turn = kept.turn.lock().await;
        // Whoever was before may have summed them up.
        seen = asked.look(seen.into_iter().map(|(user, _)| user).collect());
        wanted = missing(&seen);
        Some(turn)
    } else {
        None
    };
    let summed = asked.sum_up(wanted).await?;
    let late =
        seen.iter().filter(|(user, found)| matches!(found, Found::Late(_)) && !summed.contains_key(user));
    asked.sum_up_beside(late.map(|(user, _)| *user).collect());
    let all = seen.into_iter().filter_map(|(user, found)| match (summed.get(&user), found) {
        (Some(figures), _) => Some(figures.clone()),
        (None, Found::True(figures) | Found::Recent(figures) | Found::Late(figures)) => Some(figures),
        (None, Found::Nothing) => None,
    });
    Ok(all.collect())
}

/// One question, wherever it is answered.
struct Asked<S> {
    kept: Arc<KeptFigures>,
    store: Arc<S>,
    about: About,
    query: FiguresQuery,
    now_ms: i64,
}

impl<S: ReviewStore> Asked<S> {
    fn key(&self, user: UserId) -> Key {
        let since = self.query.since.as_ref();
        let since_ms = since.map_or(i64::MIN, |since| since.get(&user).copied().unwrap_or(i64::MAX));
        Key { user, about: self.about, since_ms }
    }

    /// What is remembered of each of them.
    fn look(&self, users: Vec<UserId>) -> Vec<(UserId, Found)> {
        let versions = self.store.log_versions(&users);
        let version = |nth: usize| versions.as_ref().and_then(|versions| versions.get(nth).copied());
        let now = Instant::now();
        let found = |(nth, user): (usize, UserId)| (user, self.kept.look(&self.key(user), version(nth), now));
        users.into_iter().enumerate().map(found).collect()
    }

    /// Sums up anew, and remembers it.
    async fn sum_up(&self, users: Vec<UserId>) -> Result<HashMap<UserId, Arc<LearnerFigures>>, StoreError> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        // Taken first: what is stored from here on makes what is read now too old, whether it was read or not.
        let (at, versions) = (Instant::now(), self.store.log_versions(&users));
        let summed = summed_up(&*self.store, users, self.query.clone(), self.now_ms).await?;
        let mut all = HashMap::with_capacity(summed.len());
        for (nth, figures) in summed.into_iter().enumerate() {
            let version = versions.as_ref().and_then(|versions| versions.get(nth).copied());
            let figures = Arc::new(figures);
            self.kept.keep(self.key(figures.user), Kept { figures: figures.clone(), version, at });
            all.insert(figures.user, figures);
        }
        Ok(all)
    }

    /// Sums up anew while nobody waits, unless that is being done already. Needs a tokio runtime.
    fn sum_up_beside(self, users: Vec<UserId>) {
        if users.is_empty() || !self.kept.beside().insert(self.about) {
            return;
        }
        let _ends = tokio::spawn(async move {
            let _done = Done { kept: self.kept.clone(), about: self.about };
            for some in users.chunks(FIGURES_BESIDE_AT_ONCE) {
                if let Err(error) = self.sum_up(some.to_vec()).await {
                    tracing::warn!(%error, "figures could not be summed up beside");
                    return;
                }
            }
        });
    }
}

/// Says at its end that nothing is summed up any more.
struct Done {
    kept: Arc<KeptFigures>,
    about: About,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.kept.beside().remove(&self.about);
    }
}

/// Days and decks in a few bytes. No two of them are told apart by luck alone.
fn about(query: &FiguresQuery) -> About {
    let mut digest = Sha256::new();
    digest.update(query.from.0.to_le_bytes());
    digest.update(query.to.0.to_le_bytes());
    digest.update([u8::from(query.decks.is_some())]);
    for deck in query.decks.iter().flat_map(|decks| decks.iter()) {
        digest.update(deck.bytes());
    }
    let whole: [u8; 32] = digest.finalize().into();
    let mut about = [0; 16];
    about.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    about
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
