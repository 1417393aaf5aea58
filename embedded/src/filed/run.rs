//! A run is written in its order, and made of others without having them in memory.

use super::{Filed, PLACE_BYTES, PLACES_PER_ROW, Place, divided, place};
use crate::error::During;
use domain::ids::DeckId;
use ports::StoreError;
use rusqlite::{CachedStatement, Connection, Rows};

/// Writes these, and all that is in some runs of the deck, as one run; returns how many there are. A run that it is made of stays.
pub(super) fn join(
    of: &Filed,
    main: &Connection,
    deck: DeckId,
    runs: &[i64],
    mut new: Vec<Place>,
    into: i64,
) -> Result<usize, StoreError> {
    new.sort_unstable();
    let mut statements = Vec::with_capacity(runs.len());
    for _ in runs {
        statements.push(main.prepare_cached(of.of_run).during(of.doing)?);
    }
    let mut sources = Vec::with_capacity(runs.len() + 1);
    for (statement, run) in statements.iter_mut().zip(runs) {
        let rows = statement.query((&deck.bytes()[..], run)).during(of.doing)?;
        sources.push(Source::of_run(of, rows)?);
    }
    let mut new = new.into_iter();
    let mut next = new.next();
    let mut writing = Writing::begin(of, main, deck, into)?;
    loop {
        let first =
            sources.iter_mut().filter(|source| source.next.is_some()).min_by_key(|source| source.next);
        match (first, next) {
            (Some(source), None) => writing.push(source.take()?)?,
            (Some(source), Some(own)) if source.next < Some(own) => writing.push(source.take()?)?,
            (_, Some(own)) => {
                writing.push(Some(own))?;
                next = new.next();
            }
            (None, None) => return writing.end(),
        }
    }
}

/// A run that is read in its order, a row at a time.
struct Source<'rows> {
    doing: &'static str,
    rows: Rows<'rows>,
    row: std::vec::IntoIter<Place>,
    next: Option<Place>,
}

impl<'rows> Source<'rows> {
    fn of_run(of: &Filed, rows: Rows<'rows>) -> Result<Source<'rows>, StoreError> {
        let mut source = Source { doing: of.doing, rows, row: Vec::new().into_iter(), next: None };
        source.take()?;
        Ok(source)
    }

    /// What came next until now; the one behind it comes next then.
    fn take(&mut self) -> Result<Option<Place>, StoreError> {
        let taken = self.next;
        self.next = self.row.next();
        while self.next.is_none()
            && let Some(row) = self.rows.next().during(self.doing)?
        {
            let bytes = row.get_ref(0).and_then(|bytes| Ok(bytes.as_blob()?)).during(self.doing)?;
            self.row = divided(bytes)?.iter().map(place).collect::<Vec<_>>().into_iter();
            self.next = self.row.next();
        }
        Ok(taken)
    }
}

/// A run that is written.
struct Writing<'a> {
    put: CachedStatement<'a>,
    deck: DeckId,
    run: i64,
    row: Vec<u8>,
    count: usize,
}

impl<'a> Writing<'a> {
    fn begin(of: &Filed, main: &'a Connection, deck: DeckId, run: i64) -> Result<Writing<'a>, StoreError> {
        let put = main.prepare_cached(of.put).during(DOING)?;
        Ok(Writing { put, deck, run, row: Vec::with_capacity(PLACES_PER_ROW * PLACE_BYTES), count: 0 })
    }

    fn push(&mut self, place: Option<Place>) -> Result<(), StoreError> {
        let Some((id, number)) = place else { return Ok(()) };
        self.row.extend_from_slice(&id.to_be_bytes());
        self.row.extend_from_slice(&number.to_be_bytes());
        self.count += 1;
        if self.row.len() >= PLACES_PER_ROW * PLACE_BYTES { self.put_row() } else { Ok(()) }
    }

    fn put_row(&mut self) -> Result<(), StoreError> {
        let Some(first) = self.row.first_chunk::<{ super::ID_BYTES }>() else { return Ok(()) };
        self.put.execute((&self.deck.bytes()[..], self.run, &first[..], &self.row[..])).during(DOING)?;
        self.row.clear();
        Ok(())
    }

    fn end(mut self) -> Result<usize, StoreError> {
        self.put_row()?;
        Ok(self.count)
    }
}

const DOING: &str = "file rows";
