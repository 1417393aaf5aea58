//! Media of a package: known by their content, stored when a card first asks for them.

use super::mask::{covers, masked};
use super::own::cover_name;
use crate::jobs::error::JobError;
use crate::jobs::limits::{
    MASKED_PICTURE_BYTES_MAX, MASKED_PICTURE_SIDE_MAX, MASKS_BYTES_MAX, NAMES_PER_BATCH,
};
use crate::jobs::task::Task;
use crate::media::{Look, address, look_at};
use anki::{MediaError, Occlusion, Package};
use bytes::Bytes;
use domain::ids::DeckId;
use ports::{MediaDigest, MediaRecord};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Digits of a file's digest in the name of one whose own name another file has.
const SET_ASIDE_DIGITS: usize = 16;

/// A file whose content is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    /// The digest of its content.
    pub digest: MediaDigest,
    /// What it is.
    pub look: Look,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Media of a package.
pub(super) struct MediaIn<'p> {
    package: &'p mut Package,
    by_name: HashMap<String, usize>,
    known: Vec<Option<Result<Known, Unusable>>>,
    /// Names of the files, by their places: those of the package, then masks.
    names: Vec<String>,
    /// The picture that was read last, if it may be masked: the cards of one note come one after another.
    last: Option<(usize, Bytes)>,
    /// Masks by the place of their picture and a digest of what covers it.
    masks: HashMap<(usize, [u8; 32]), usize>,
    masks_bytes: u64,
    dry_run: bool,
    /// What was stored, or would be.
    pub files: u64,
    /// And its bytes.
    pub bytes: u64,
    /// Files that do not come in, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
}

/// Why a file does not come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unusable(&'static str);

impl<'p> MediaIn<'p> {
    pub fn new(package: &'p mut Package, dry_run: bool) -> MediaIn<'p> {
        let names: Vec<String> = package.media().iter().map(|file| file.name.clone()).collect();
        let by_name = names.iter().cloned().zip(0..).collect();
        let known = vec![None; names.len()];
        let mut left_out = BTreeMap::new();
        if package.media_left_out() > 0 {
            left_out.insert("name", package.media_left_out());
        }
        MediaIn {
            package,
            by_name,
            known,
            names,
            last: None,
            masks: HashMap::new(),
            masks_bytes: 0,
            dry_run,
            files: 0,
            bytes: 0,
            left_out,
        }
    }

    /// How many files the package lists.
    pub fn listed(&self) -> usize {
        self.package.media().len()
    }

    /// The place of the file with this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The file at a place; read, and stored, when it is first asked for. `None` if it does not come in.
    pub fn file(&mut self, task: &Task, nth: usize) -> Result<Option<Known>, JobError> {
        if let Some(Some(known)) = self.known.get(nth) {
            return Ok(known.ok());
        }
        let read = self.read(task, nth)?;
        if let Err(Unusable(why)) = read {
            *self.left_out.entry(why).or_default() += 1;
        }
        if let Some(place) = self.known.get_mut(nth) {
            *place = Some(read);
        }
        Ok(read.ok())
    }

    fn read(&mut self, task: &Task, nth: usize) -> Result<Result<Known, Unusable>, JobError> {
        task.keep_going()?;
        match self.content(nth) {
            Ok(content) => {
                let known = self.store(task, content.clone())?;
                self.keep(nth, &known, content);
                Ok(Ok(known))
            }
            Err(MediaError::Write(error)) => Err(error.into()),
            Err(error @ MediaError::Inflated { .. }) => {
                Err(JobError::refused("package_too_large", format!("Nothing was imported: {error}.")))
            }
            Err(MediaError::Missing) => Ok(Err(Unusable("missing"))),
            Err(MediaError::TooLong { .. }) => Ok(Err(Unusable("too_long"))),
            Err(MediaError::OtherLength { .. } | MediaError::Damaged(_)) => Ok(Err(Unusable("damaged"))),
        }
    }

    fn content(&mut self, nth: usize) -> Result<Bytes, MediaError> {
        let stated = self.package.media().get(nth).and_then(|file| file.stated_bytes).unwrap_or(0);
        let room = stated.min(self.package.limits().media_file_bytes);
        let mut content = Vec::with_capacity(usize::try_from(room.min(1024 * 1024)).unwrap_or(0));
        self.package.copy_media(nth, &mut content)?;
        Ok(content.into())
    }

    /// Keeps a picture at hand that may be masked; nothing longer.
    fn keep(&mut self, nth: usize, known: &Known, content: Bytes) {
        if may_be_masked(known, self.masks_bytes) {
            self.last = Some((nth, content));
        }
    }

    fn store(&mut self, task: &Task, content: Bytes) -> Result<Known, JobError> {
        let digest = MediaDigest(Sha256::digest(&content).into());
        let (look, bytes) = (look_at(&content), content.len() as u64);
        self.files += 1;
        self.bytes += bytes;
        if !self.dry_run {
            let record = MediaRecord {
                digest,
                kind: look.kind.to_owned(),
                bytes,
                width: look.size.map(|(width, _)| width),
                height: look.size.map(|(_, height)| height),
            };
            task.wait(task.tools.media.put_media(record, content))?;
        }
        Ok(Known { digest, look, bytes })
    }

    /// The picture of a card with its regions covered, as a file of its own; `None` if it cannot be covered, or is not
    /// covered because it would take too much. The same regions of the same picture are one file.
    pub fn mask(
        &mut self,
        task: &Task,
        nth: usize,
        occlusion: &Occlusion,
    ) -> Result<Option<usize>, JobError> {
        let Some(picture) = self.file(task, nth)? else { return Ok(None) };
        let Some(size) = picture.look.size else { return Ok(None) };
        let covers = covers(size, &occlusion.shapes);
        let key = (nth, Sha256::digest(&covers).into());
        if let Some(there) = self.masks.get(&key) {
            return Ok(Some(*there));
        }
        if !may_be_masked(&picture, self.masks_bytes) {
            return Ok(None);
        }
        let Some(content) = self.picture(nth, &picture) else { return Ok(None) };
        let known = self.store(task, masked(&content, picture.look.kind, size, &covers).into())?;
        self.masks_bytes += known.bytes;
        let name = cover_name(known.digest);
        let place = *self.by_name.entry(name.clone()).or_insert(self.names.len());
        if place == self.names.len() {
            self.names.push(name);
            self.known.push(Some(Ok(known)));
        }
        self.masks.insert(key, place);
        Ok(Some(place))
    }

    /// A picture that may be masked: the one that is at hand, or read once more.
    fn picture(&mut self, nth: usize, known: &Known) -> Option<Bytes> {
        if let Some((last, content)) = &self.last
            && *last == nth
        {
            return Some(content.clone());
        }
        let content = self.content(nth).ok()?;
        self.keep(nth, known, content.clone());
        Some(content)
    }

    /// The address of a file in a deck, if it came in.
    pub fn address(&self, deck: DeckId, nth: usize) -> Option<String> {
        match self.known.get(nth) {
            Some(Some(Ok(known))) => Some(address(deck, known.digest)),
            Some(Some(Err(_)) | None) | None => None,
        }
    }

    /// The files that came in, by their places.
    pub fn into_names(self) -> MediaNames {
        let named = |(name, known): (String, Option<Result<Known, Unusable>>)| match known {
            Some(Ok(known)) => Some((name, known.digest)),
            Some(Err(_)) | None => None,
        };
        MediaNames(self.names.into_iter().zip(self.known).map(named).collect())
    }
}

/// The files of a package that are stored, with their names there, by their places.
pub(super) struct MediaNames(Vec<Option<(String, MediaDigest)>>);

impl MediaNames {
    /// Makes files known in a deck by their names there. A file that had one of the names before is known by another one
    /// then: cards go on showing it, and do so after a revocation.
    pub fn give(
        &self,
        task: &Task,
        deck: DeckId,
        places: impl Iterator<Item = usize>,
    ) -> Result<(), JobError> {
        let names: BTreeMap<String, MediaDigest> =
            places.filter_map(|nth| self.0.get(nth)?.clone()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let mut replaced = Vec::new();
        let mut after = None;
        loop {
            let page = task.wait(task.tools.media.media_of(deck, after, NAMES_PER_BATCH))?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let is_replaced =
                |(name, old): &(String, MediaDigest)| names.get(name).is_some_and(|new| new != old);
            replaced.extend(page.into_iter().filter(is_replaced));
        }
        // First: a name that was given anew no longer tells what it was.
        give_all(task, deck, replaced.into_iter().map(|(name, old)| (set_aside(&name, old), old)))?;
        give_all(task, deck, names.into_iter())
    }
}

fn give_all(
    task: &Task,
    deck: DeckId,
    mut names: impl Iterator<Item = (String, MediaDigest)>,
) -> Result<(), JobError> {
    loop {
        task.keep_going()?;
        let batch: Vec<(String, MediaDigest)> = names.by_ref().take(NAMES_PER_BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        task.wait(task.tools.media.give_media(deck, batch))?;
    }
}

/// The name of a file whose own name another one has.
fn set_aside(name: &str, digest: MediaDigest) -> String {
    let digest = digest.to_string();
    let digest = digest.get(..SET_ASIDE_DIGITS).unwrap_or(&digest);
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{digest}.{ending}"),
        None => format!("{name}-{digest}"),
    }
}

/// Whether a picture is masked once more, beside masks of so many bytes. A mask holds its picture as text.
fn may_be_masked(picture: &Known, masks_bytes: u64) -> bool {
    let is_small = |(width, height): (u32, u32)| width.max(height) <= MASKED_PICTURE_SIDE_MAX;
    picture.look.size.is_some_and(is_small)
        && picture.bytes <= MASKED_PICTURE_BYTES_MAX
        && masks_bytes.saturating_add(picture.bytes.div_ceil(3) * 4) <= MASKS_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_set_aside_keeps_its_ending() {
        let digest = MediaDigest([0xab; 32]);
        assert_eq!(set_aside("a.b.png", digest), "a.b-abababababababab.png");
        assert_eq!(set_aside("plain", digest), "plain-abababababababab");
    }

    #[test]
    fn a_picture_is_masked_while_it_and_all_masks_together_are_within_their_bounds() {
        let picture = |bytes, size| {
            let look = Look { kind: "image/png", size };
            Known { digest: MediaDigest([0; 32]), look, bytes }
        };
        let (longest, side) = (MASKED_PICTURE_BYTES_MAX, MASKED_PICTURE_SIDE_MAX);
        assert!(may_be_masked(&picture(longest, Some((side, side))), 0));
        assert!(!may_be_masked(&picture(longest + 1, Some((9, 9))), 0));
        assert!(!may_be_masked(&picture(9, Some((9, side + 1))), 0));
        assert!(!may_be_masked(&picture(9, Some((side + 1, 9))), 0));
        assert!(!may_be_masked(&picture(9, None), 0), "what has no size is no picture");
        assert!(may_be_masked(&picture(9, Some((9, 9))), MASKS_BYTES_MAX - 12));
        assert!(!may_be_masked(&picture(9, Some((9, 9))), MASKS_BYTES_MAX - 11));
    }
}
