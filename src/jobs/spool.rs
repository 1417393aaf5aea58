//! Cards on the disk between reading and writing, so that memory does not grow with a file.

mod card;

pub use card::Spooled;

use card::digest;
use domain::ids::CardId;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Longest card on the disk, in bytes: what is stored is far below it.
const CARD_BYTES_MAX: u32 = 8 * 1024 * 1024;
/// Bytes that are read and written at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// A file of cards that is being written.
#[derive(Debug)]
pub struct Spooling {
    out: BufWriter<File>,
    path: PathBuf,
    bytes: u64,
    buffer: Vec<u8>,
}

impl Spooling {
    /// Begins one; a file that is there is replaced.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(path: &Path) -> io::Result<Spooling> {
        let out = BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?);
        Ok(Spooling { out, path: path.to_owned(), bytes: 0, buffer: Vec::new() })
    }

    /// Adds a card.
    ///
    /// # Errors
    /// The disk's.
    pub fn push(&mut self, card: &Spooled) -> io::Result<()> {
        self.buffer.clear();
        card.encode(&mut self.buffer);
        let length = u32::try_from(self.buffer.len()).ok().filter(|length| *length <= CARD_BYTES_MAX);
        let length = length.ok_or(ErrorKind::InvalidInput)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&self.buffer)?;
        self.bytes += u64::from(length) + 4;
        Ok(())
    }

    /// Where the next card will lie.
    pub const fn place(&self) -> u64 {
        self.bytes
    }

    /// Ends it. What must outlive a power cut is synced.
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(self, is_synced: bool) -> io::Result<Spool> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        if is_synced {
            file.sync_all()?;
        }
        Ok(Spool::whole(self.path, self.bytes))
    }
}

/// A file of cards, or some stretches of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spool {
    path: PathBuf,
    ranges: Vec<Range<u64>>,
}

impl Spool {
    fn whole(path: PathBuf, bytes: u64) -> Spool {
        let all = Range { start: 0, end: bytes };
        Spool { path, ranges: vec![all] }
    }

    /// A whole file that was written before.
    ///
    /// # Errors
    /// It is not there.
    pub fn open(path: &Path) -> io::Result<Spool> {
        let bytes = path.metadata()?.len();
        Ok(Spool::whole(path.to_owned(), bytes))
    }

    /// Stretches of it alone.
    #[must_use]
    pub fn of(&self, ranges: &[Range<u64>]) -> Spool {
        Spool { path: self.path.clone(), ranges: ranges.to_vec() }
    }

    /// The cards, one by one; after an error none comes.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn cards(&self) -> io::Result<SpooledCards> {
        let file = BufReader::with_capacity(BUFFER_BYTES, File::open(&self.path)?);
        let ranges = self.ranges.clone().into_iter();
        Ok(SpooledCards { file, ranges, at: 0..0, last: 0..0, buffer: Vec::new() })
    }
}

/// The cards of a file, read as they are asked for.
#[derive(Debug)]
pub struct SpooledCards {
    file: BufReader<File>,
    ranges: std::vec::IntoIter<Range<u64>>,
    at: Range<u64>,
    last: Range<u64>,
    buffer: Vec<u8>,
}

impl SpooledCards {
    /// Where the card lies that came last.
    pub fn last_place(&self) -> Range<u64> {
        self.last.clone()
    }

    fn read(&mut self) -> io::Result<Option<Spooled>> {
        if !self.read_bytes()? {
            return Ok(None);
        }
        Spooled::decode(&self.buffer).map(Some).ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// The next card and its digest, without its texts; the same as of [`Spooled::digest`].
    pub fn next_digest(&mut self) -> io::Result<Option<(CardId, u64)>> {
        if !self.read_bytes()? {
            return Ok(None);
        }
        let id = self.buffer.first_chunk().ok_or(ErrorKind::InvalidData)?;
        Ok(Some((CardId::from_bytes(*id), digest(&self.buffer))))
    }

    /// Reads the bytes of the next card; `false` at the end.
    fn read_bytes(&mut self) -> io::Result<bool> {
        while self.at.is_empty() {
            let Some(range) = self.ranges.next() else { return Ok(false) };
            self.file.seek(SeekFrom::Start(range.start))?;
            self.at = range;
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        if length > CARD_BYTES_MAX {
            return Err(ErrorKind::InvalidData.into());
        }
        self.last = self.at.start..self.at.start + u64::from(length) + 4;
        self.at.start = self.last.end.min(self.at.end);
        self.buffer.resize(usize::try_from(length).unwrap_or(0), 0);
        self.file.read_exact(&mut self.buffer)?;
        Ok(true)
    }
}

impl Iterator for SpooledCards {
    type Item = io::Result<Spooled>;

    fn next(&mut self) -> Option<io::Result<Spooled>> {
        let read = self.read();
        if read.is_err() {
            (self.ranges, self.at) = (Vec::new().into_iter(), 0..0);
        }
        read.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(n: u8) -> Spooled {
        Spooled {
            id: [n; 16],
            note: n.is_multiple_of(2).then_some([n; 16]),
            front: "f".repeat(usize::from(n)),
            back: "ü".to_owned(),
            hint: n.is_multiple_of(3).then(String::new),
            explanation: None,
            tags: vec!["a".to_owned(); usize::from(n % 4)],
            accept: vec!["b".to_owned(); usize::from(n % 3)],
            source_key: format!("k{n}"),
            deleted_ms: n.is_multiple_of(5).then_some(7),
            revision: u32::from(n),
        }
    }

    #[test]
    fn cards_are_read_as_they_were_written_and_stretches_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cards");
        let mut spooling = Spooling::create(&path).unwrap();
        let mut places = Vec::new();
        for n in 0..20 {
            places.push(spooling.place());
            spooling.push(&card(n)).unwrap();
        }
        let end = spooling.place();
        let spool = spooling.finish(false).unwrap();
        let all: Vec<Spooled> = spool.cards().unwrap().map(Result::unwrap).collect();
        assert_eq!(all, (0..20).map(card).collect::<Vec<_>>());
        let some = spool.of(&[places[15]..end, 0..places[2]]);
        let ids: Vec<u8> = some.cards().unwrap().map(|card| card.unwrap().id[0]).collect();
        assert_eq!(ids, [15, 16, 17, 18, 19, 0, 1]);
        assert_eq!(Spool::open(&path).unwrap(), spool);
    }

    #[test]
    fn a_digest_tells_what_a_learner_would_notice_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut spooling = Spooling::create(&folder.path().join("cards")).unwrap();
        (0..20).for_each(|n| spooling.push(&card(n)).unwrap());
        let mut cards = spooling.finish(false).unwrap().cards().unwrap();
        for n in 0..20 {
            let (one, is_deleted) = (card(n), n.is_multiple_of(5));
            assert_eq!(cards.next_digest().unwrap(), Some((one.card(), one.digest())));
            let later = Spooled { revision: 99, deleted_ms: one.deleted_ms.map(|_| 1), ..one.clone() };
            assert_eq!(later.digest(), one.digest());
            for other in [
                Spooled { deleted_ms: (!is_deleted).then_some(7), ..one.clone() },
                Spooled { back: "u".to_owned(), ..one.clone() },
                Spooled { explanation: Some(String::new()), ..one.clone() },
                Spooled { tags: vec!["b".to_owned()], ..one.clone() },
                Spooled { accept: vec!["c".to_owned()], ..one.clone() },
                Spooled { note: Some([n + 1; 16]), ..one.clone() },
            ] {
                assert_ne!(other.digest(), one.digest());
            }
        }
        assert_eq!(cards.next_digest().unwrap(), None);
    }

    #[test]
    fn a_file_that_was_cut_off_is_an_error_and_then_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cards");
        let mut spooling = Spooling::create(&path).unwrap();
        spooling.push(&card(9)).unwrap();
        let spool = spooling.finish(true).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(20).unwrap();
        let mut cards = spool.cards().unwrap();
        assert!(cards.next().unwrap().is_err());
        assert!(cards.next().is_none());
    }
}
