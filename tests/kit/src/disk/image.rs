//! One file as the disk knows it: what is durable, and what was done since.

use crate::rng::Rng;
use std::collections::VecDeque;
use std::path::Path;

/// What a disk writes as a whole.
const SECTOR_BYTES: u64 = 512;

/// How the writes that no sync followed fare in one power cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// None survives.
    Nothing,
    /// All survive.
    All,
    /// Those up to some moment survive, the next one is torn.
    UpTo,
    /// Each survives or not.
    Some,
    /// Each sector of each survives or not.
    Sectors,
}

impl Style {
    pub(super) const ALL: [Style; 5] = [Style::Nothing, Style::All, Style::UpTo, Style::Some, Style::Sectors];
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Waits for a sync.
    Written,
    /// A sync has made it durable.
    Synced,
    /// A sync failed with it: no later sync speaks for it.
    Orphaned,
}

enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

/// A file.
pub(super) struct Image {
    durable: Vec<u8>,
    changes: VecDeque<(Change, Kept)>,
    len: u64,
    /// Its entry in the folder is durable.
    entry_durable: bool,
    /// It was deleted, and the folder not synced since.
    deleted: bool,
    /// The file of this name before it, of which the folder may still know.
    before: Option<Box<Image>>,
}

impl Image {
    /// A file that may be there already; what is in it then is durable.
    pub(super) fn of(path: &Path) -> Self {
        let durable = std::fs::read(path).unwrap_or_default();
        let entry_durable = !durable.is_empty();
        let len = durable.len() as u64;
        Self { durable, changes: VecDeque::new(), len, entry_durable, deleted: false, before: None }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// A new file in the place of this one, which was deleted.
    pub(super) fn anew(self) -> Self {
        let before = Some(Box::new(self));
        Self {
            durable: Vec::new(),
            changes: VecDeque::new(),
            len: 0,
            entry_durable: false,
            deleted: false,
            before,
        }
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.deleted
    }

    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) {
        self.len = self.len.max(at + bytes.len() as u64);
        self.changes.push_back((Change::Write(at, bytes.to_vec()), Kept::Written));
    }

    pub(super) fn truncate(&mut self, len: u64) {
        self.len = len;
        self.changes.push_back((Change::Truncate(len), Kept::Written));
    }

    pub(super) fn sync(&mut self) {
        for (_, kept) in &mut self.changes {
            if *kept == Kept::Written {
                *kept = Kept::Synced;
            }
        }
        // What is synced up to the first change that is not can no longer change.
        while self.changes.front().is_some_and(|(_, kept)| *kept == Kept::Synced) {
            if let Some((change, _)) = self.changes.pop_front() {
                change.make(&mut self.durable, |_| true);
            }
        }
    }

    pub(super) fn orphan(&mut self) {
        for (_, kept) in &mut self.changes {
            if *kept == Kept::Written {
                *kept = Kept::Orphaned;
            }
        }
    }

    pub(super) fn entry_synced(&mut self) {
        self.entry_durable = true;
        self.before = None;
    }

    pub(super) fn deleted(&mut self) {
        self.deleted = true;
    }

    /// The content that is found when the power comes back; nothing when the file is not found.
    pub(super) fn after_power_cut(&self, style: Style, rng: &mut Rng) -> Option<Vec<u8>> {
        if (self.deleted || !self.entry_durable) && rng.chance(50) {
            return self.before.as_ref().and_then(|before| before.after_power_cut(style, rng));
        }
        let mut content = self.durable.clone();
        let last = rng.below(self.changes.len() as u64 + 1);
        for (n, (change, kept)) in (0..).zip(&self.changes) {
            let whole = match (kept, style) {
                (Kept::Synced, _) | (_, Style::All) => Some(true),
                (_, Style::Nothing) => Some(false),
                (_, Style::UpTo) if n < last => Some(true),
                (_, Style::UpTo) if n > last => Some(false),
                (_, Style::Some) => Some(rng.chance(50)),
                (_, Style::UpTo | Style::Sectors) => None,
            };
            change.make(&mut content, |_| whole.unwrap_or_else(|| rng.chance(50)));
        }
        Some(content)
    }
}

impl Change {
    /// Makes the change, or those sectors of it that are kept.
    fn make(&self, content: &mut Vec<u8>, mut keeps: impl FnMut(u64) -> bool) {
        match self {
            Change::Truncate(len) => {
                if keeps(0) {
                    content.resize(*len as usize, 0);
                }
            }
            Change::Write(at, bytes) => {
                let end = at + bytes.len() as u64;
                let mut from = *at;
                while from < end {
                    let sector = from / SECTOR_BYTES;
                    let to = ((sector + 1) * SECTOR_BYTES).min(end);
                    if keeps(sector) {
                        put(content, from, &bytes[(from - at) as usize..(to - at) as usize]);
                    }
                    from = to;
                }
            }
        }
    }
}

fn put(content: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let (at, end) = (at as usize, at as usize + bytes.len());
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Image {
        Image::of(Path::new("/nowhere"))
    }

    fn after(image: &Image, style: Style) -> Vec<Option<Vec<u8>>> {
        (0..200).map(|seed| image.after_power_cut(style, &mut Rng::new(seed))).collect()
    }

    #[test]
    fn what_was_synced_survives_every_cut() {
        let mut image = empty();
        image.write(0, &[1; 2_000]);
        image.sync();
        image.entry_synced();
        image.write(100, &[2; 50]);
        for style in Style::ALL {
            for content in after(&image, style) {
                let content = content.unwrap();
                assert_eq!(content.len(), 2_000);
                assert!(content[..100].iter().chain(&content[150..]).all(|&byte| byte == 1));
            }
        }
    }

    #[test]
    fn what_was_not_synced_may_be_there_gone_or_torn() {
        let mut image = empty();
        image.entry_synced();
        image.write(0, &[1; 1_024]);
        let found: Vec<_> = after(&image, Style::Sectors).into_iter().map(Option::unwrap).collect();
        assert!(found.iter().any(Vec::is_empty));
        assert!(found.iter().any(|content| content == &[1; 1_024]));
        assert!(found.iter().any(|content| content.len() == 512));
        assert!(found.iter().any(|content| content.len() == 1_024 && content[0] == 0));
        assert!(after(&image, Style::Nothing).iter().all(|content| content.as_ref().unwrap().is_empty()));
    }

    #[test]
    fn a_later_sync_does_not_speak_for_writes_of_a_failed_one() {
        let mut image = empty();
        image.entry_synced();
        image.write(0, &[1; 512]);
        image.orphan();
        image.write(512, &[2; 512]);
        image.sync();
        for content in after(&image, Style::Nothing) {
            assert_eq!(content.unwrap(), [[0; 512], [2; 512]].concat());
        }
        // Written again, it is durable.
        image.write(0, &[3; 512]);
        image.sync();
        for content in after(&image, Style::Nothing) {
            assert_eq!(content.unwrap(), [[3; 512], [2; 512]].concat());
        }
    }

    #[test]
    fn a_file_whose_folder_was_not_synced_may_be_missing() {
        let mut image = empty();
        image.write(0, &[1; 10]);
        image.sync();
        assert!(after(&image, Style::All).iter().any(Option::is_none));
        image.entry_synced();
        assert!(after(&image, Style::All).iter().all(Option::is_some));
        image.deleted();
        assert!(after(&image, Style::All).iter().any(Option::is_none));
        // A new file of that name starts empty, and the old one may still be found instead.
        let mut anew = image.anew();
        anew.write(0, &[2; 5]);
        anew.sync();
        let found = after(&anew, Style::All);
        assert!(found.contains(&Some(vec![2; 5])) && found.contains(&Some(vec![1; 10])));
    }
}
