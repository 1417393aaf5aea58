//! The folder of a profile in a zip: its files at the top, or in one folder.

use super::folder::{COLLECTION, JOURNAL, LOG, MEDIA};
use super::media::{Lies, MediaList};
use crate::error::OpenError;
use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;
use zip::ZipArchive;

/// What a Mac adds for each file, under the same names.
const SHADOWS: &str = "__MACOSX";
/// The list of media that packages have, and profiles do not.
const LIST: &str = "media";
/// What a profile keeps about its media; nothing in it is needed.
const MEDIA_BOOKS: [&str; 2] = ["collection.media.db2", "collection.media.db"];

/// Where the parts of a zipped profile lie, by the numbers of their entries.
#[derive(Debug)]
pub(super) struct ZippedProfile {
    collection: usize,
    log: Option<usize>,
    /// What would undo a change that was not finished.
    pub journal: Option<usize>,
    media: MediaList,
}

impl ZippedProfile {
    /// The profile that an archive holds; `None` if it is a package, or nothing of Anki's.
    pub fn find(zip: &ZipArchive<BufReader<File>>) -> Result<Option<ZippedProfile>, OpenError> {
        let each = || {
            zip.file_names_raw().zip(zip.file_names()).map(|(raw, name)| match str::from_utf8(raw) {
                // Some write UTF-8 and do not say so.
                Ok(name) => Cow::Borrowed(name),
                Err(_) => name.unwrap_or_default(),
            })
        };
        ZippedProfile::among(each)
    }

    /// `each` gives the names of all entries in their order.
    fn among<'n, I: Iterator<Item = Cow<'n, str>>>(
        each: impl Fn() -> I,
    ) -> Result<Option<ZippedProfile>, OpenError> {
        let Some(folder) = folder_of(each())? else { return Ok(None) };
        let (mut collection, mut log, mut journal, mut media) = (None, None, None, MediaList::default());
        let (mut is_profile, mut is_package) = (!folder.is_empty(), false);
        for (nth, name) in each().enumerate() {
            let name = plain(&name);
            let Some(part) = name.strip_prefix(&*folder) else { continue };
            if let Some(file) = part.strip_prefix(MEDIA).and_then(|rest| rest.strip_prefix('/')) {
                is_profile = true;
                add_media(&mut media, file, nth)?;
                continue;
            }
            match part.strip_prefix(COLLECTION) {
                Some("") => collection = Some(nth),
                Some(LOG) => (log, is_profile) = (Some(nth), true),
                Some(JOURNAL) => (journal, is_profile) = (Some(nth), true),
                Some(_) | None => {
                    is_profile |= MEDIA_BOOKS.contains(&part);
                    is_package |= part == LIST;
                }
            }
        }
        media.listed();
        let profile = collection.map(|collection| ZippedProfile { collection, log, journal, media });
        Ok(profile.filter(|_| is_profile && !is_package))
    }

    /// The entries of the database, each with what its name ends with.
    pub fn database(&self) -> impl Iterator<Item = (&'static str, usize)> + use<> {
        [Some(("", self.collection)), self.log.map(|nth| (LOG, nth))].into_iter().flatten()
    }

    /// The media; they are given once.
    pub fn take_media(&mut self) -> MediaList {
        std::mem::take(&mut self.media)
    }
}

/// The name of an entry with the separators that names should have.
fn plain(name: &str) -> Cow<'_, str> {
    let name = name.strip_prefix("./").unwrap_or(name);
    if name.contains('\\') { Cow::Owned(name.replace('\\', "/")) } else { Cow::Borrowed(name) }
}

/// The folder in which the collection lies, with its separator; empty for the top.
fn folder_of<'n>(each: impl Iterator<Item = Cow<'n, str>>) -> Result<Option<String>, OpenError> {
    let mut found: Option<String> = None;
    let mut others = 0;
    for name in each {
        let name = plain(&name);
        let Some(folder) = name.strip_suffix(COLLECTION) else { continue };
        if folder.is_empty() {
            return Ok(Some(String::new()));
        }
        let is_a_folder =
            folder.strip_suffix('/').is_some_and(|level| !level.contains('/') && level != SHADOWS);
        match &found {
            _ if !is_a_folder => {}
            None => found = Some(folder.to_owned()),
            Some(known) => others += usize::from(known != folder),
        }
    }
    if others > 0 { Err(OpenError::SeveralProfiles(others + 1)) } else { Ok(found) }
}

/// Adds what lies in the folder of media; folders within it are none of Anki's.
fn add_media(media: &mut MediaList, file: &str, nth: usize) -> Result<(), OpenError> {
    if file.is_empty() || file.ends_with('/') {
        return Ok(());
    }
    let mut levels = file.split('/');
    if file.contains('/') && levels.all(|level| !matches!(level, "" | "." | "..")) {
        media.left_out += 1;
        return Ok(());
    }
    media.add(file, Lies::In(nth), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&'static str]) -> Result<Option<ZippedProfile>, OpenError> {
        ZippedProfile::among(|| names.iter().map(|name| Cow::Borrowed(*name)))
    }

    fn media(profile: &ZippedProfile) -> Vec<(&str, &Lies)> {
        profile.media.files.iter().map(|file| (&*file.name, &file.lies)).collect()
    }

    #[test]
    fn a_profile_is_found_at_the_top_and_in_one_folder_whatever_separates_its_names() {
        let ways: [&[&str]; 4] = [
            &["collection.anki2", "collection.media/a.png", "collection.anki2-wal"],
            &["User 1/collection.anki2", "User 1/collection.media/a.png", "User 1/collection.anki2-wal"],
            &["User 1\\collection.anki2", "User 1\\collection.media\\a.png", "User 1\\collection.anki2-wal"],
            &[
                "./u/collection.anki2",
                "./u/collection.media/a.png",
                "./u/collection.anki2-wal",
                "__MACOSX/collection.anki2",
            ],
        ];
        for names in ways {
            let profile = found(names).unwrap().unwrap();
            assert_eq!(profile.database().collect::<Vec<_>>(), [("", 0), ("-wal", 2)], "{names:?}");
            assert_eq!(media(&profile), [("a.png", &Lies::In(1))], "{names:?}");
        }
    }

    #[test]
    fn a_package_is_none_and_neither_is_what_holds_no_collection() {
        for names in [
            &["collection.anki2", "media", "0"][..],
            &["collection.anki2"],
            &["collection.anki2", "media", "collection.media/a.png"],
            &["a/b/collection.anki2"],
            &["my-collection.anki2"],
            &["a/my-collection.anki2"],
            &["__MACOSX/collection.anki2"],
            &[],
        ] {
            assert!(found(names).unwrap().is_none(), "{names:?}");
        }
        let profile = found(&["collection.anki2", "collection.media.db2"]).unwrap().unwrap();
        assert!(media(&profile).is_empty());
        assert!(found(&["only/collection.anki2"]).unwrap().is_some());
    }

    #[test]
    fn of_several_profiles_none_is_guessed() {
        let refused = found(&["a/collection.anki2", "b/collection.anki2", "b/collection.media/x"]);
        assert_eq!(refused.unwrap_err().code(), "several_profiles");
        let top = found(&["a/collection.anki2", "collection.anki2", "collection.media/x"]).unwrap().unwrap();
        assert_eq!(top.database().collect::<Vec<_>>(), [("", 1)]);
    }

    #[test]
    fn what_leads_out_of_the_folder_of_media_refuses_and_folders_in_it_are_left_out() {
        for bad in [
            "collection.media/../x",
            "collection.media/..",
            "collection.media//x",
            "collection.media/a\\..\\x",
        ] {
            let refused = found(&["collection.anki2", bad]);
            assert_eq!(refused.unwrap_err().code(), "media_name_unsafe", "{bad}");
        }
        let profile = found(&["collection.anki2", "collection.media/", "collection.media/in/x.png"]);
        let profile = profile.unwrap().unwrap();
        assert_eq!((profile.media.files.len(), profile.media.left_out), (0, 1));
    }
}
