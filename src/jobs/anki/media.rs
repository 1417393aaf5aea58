//! Media of a package: known by their content, stored when a card first asks for them.

use super::mask::masked;
use crate::jobs::error::JobError;
use crate::jobs::limits::{MASKED_PICTURE_BYTES_MAX, NAMES_PER_BATCH};
use crate::jobs::task::Task;
use crate::media::{Look, address, look_at};
use anki::{MediaError, Occlusion, Package};
use bytes::Bytes;
use domain::ids::DeckId;
use ports::{MediaDigest, MediaRecord};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// A file whose content is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    /// The digest of its content.
    pub digest: MediaDigest,
    /// What it is.
    pub look: Look,
}

/// Media of a package.
pub(super) struct MediaIn<'p> {
    package: &'p mut Package,
    by_name: HashMap<String, usize>,
    known: Vec<Option<Result<Known, Unusable>>>,
    /// Names of the files, by their places: those of the package, then masks.
    names: Vec<String>,
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
        MediaIn { package, by_name, known, names, dry_run, files: 0, bytes: 0, left_out }
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
            Ok(content) => Ok(Ok(self.store(task, content)?)),
            Err(MediaError::Write(error)) => Err(error.into()),
            Err(MediaError::Missing) => Ok(Err(Unusable("missing"))),
            Err(MediaError::TooLong { .. }) => Ok(Err(Unusable("too_long"))),
            Err(MediaError::OtherLength { .. } | MediaError::Damaged(_)) => Ok(Err(Unusable("damaged"))),
        }
    }

    fn content(&mut self, nth: usize) -> Result<Vec<u8>, MediaError> {
        let stated = self.package.media().get(nth).and_then(|file| file.stated_bytes).unwrap_or(0);
        let room = stated.min(self.package.limits().media_file_bytes);
        let mut content = Vec::with_capacity(usize::try_from(room.min(1024 * 1024)).unwrap_or(0));
        self.package.copy_media(nth, &mut content)?;
        Ok(content)
    }

    fn store(&mut self, task: &Task, content: Vec<u8>) -> Result<Known, JobError> {
        let digest = MediaDigest(Sha256::digest(&content).into());
        let look = look_at(&content);
        self.files += 1;
        self.bytes += content.len() as u64;
        if !self.dry_run {
            let record = MediaRecord {
                digest,
                kind: look.kind.to_owned(),
                bytes: content.len() as u64,
                width: look.size.map(|(width, _)| width),
                height: look.size.map(|(_, height)| height),
            };
            task.wait(task.tools.media.put_media(record, Bytes::from(content)))?;
        }
        Ok(Known { digest, look })
    }

    /// The picture of a card with its regions covered, as a file of its own; `None` if it cannot be covered.
    pub fn mask(
        &mut self,
        task: &Task,
        nth: usize,
        occlusion: &Occlusion,
    ) -> Result<Option<usize>, JobError> {
        let Some(Known { look, .. }) = self.file(task, nth)? else { return Ok(None) };
        let Some(size) = look.size else { return Ok(None) };
        let Ok(content) = self.content(nth) else { return Ok(None) };
        if content.len() > MASKED_PICTURE_BYTES_MAX {
            return Ok(None);
        }
        let svg = masked(&content, look.kind, size, &occlusion.shapes);
        let known = self.store(task, svg.into_bytes())?;
        let name = format!("_covered-{}.svg", known.digest);
        if let Some(there) = self.by_name.get(&name) {
            return Ok(Some(*there));
        }
        let place = self.names.len();
        self.by_name.insert(name.clone(), place);
        self.names.push(name);
        self.known.push(Some(Ok(known)));
        Ok(Some(place))
    }

    /// The address of a file in a deck, if it came in.
    pub fn address(&self, deck: DeckId, nth: usize) -> Option<String> {
        match self.known.get(nth) {
            Some(Some(Ok(known))) => Some(address(deck, known.digest)),
            Some(Some(Err(_)) | None) | None => None,
        }
    }

    /// Makes files known in a deck by their names there.
    pub fn give(
        &self,
        task: &Task,
        deck: DeckId,
        places: impl Iterator<Item = usize>,
    ) -> Result<(), JobError> {
        let named = |nth: usize| match (self.names.get(nth), self.known.get(nth)) {
            (Some(name), Some(Some(Ok(known)))) => Some((name.clone(), known.digest)),
            (_, _) => None,
        };
        let mut batch = Vec::new();
        for name in places.filter_map(named) {
            batch.push(name);
            if batch.len() == NAMES_PER_BATCH {
                task.wait(task.tools.media.give_media(deck, std::mem::take(&mut batch)))?;
            }
        }
        if !batch.is_empty() {
            task.wait(task.tools.media.give_media(deck, batch))?;
        }
        Ok(())
    }
}
