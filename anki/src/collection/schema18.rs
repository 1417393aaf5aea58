//! The newer schema: tables of their own, their details as protobuf messages.

use super::definitions::{Held, deck_path};
use super::guard::Guarded;
use super::others;
use super::schema11::{Clock, Col, NUMBERS_MAX, STOCK_OCCLUSION, mix};
use super::value::{bytes, integer, text};
use crate::error::ReadError;
use crate::model::{Deck, DeckOptions, Header, Kind, Mix, Notetype, Template};
use crate::wire::{Fields, NotAMessage};
use rusqlite::Row;
use std::collections::BTreeMap;

/// Reads all rows of a query into what is held in memory; columns count by what they weigh.
fn each_row(
    guarded: &Guarded,
    sql: &str,
    held: &mut Held,
    mut visit: impl FnMut(&Row<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut statement = guarded.db.prepare(sql).map_err(|error| guarded.error(error))?;
    let columns = statement.column_count();
    let mut rows = statement.query([]).map_err(|error| guarded.error(error))?;
    while let Some(row) = rows.next().map_err(|error| guarded.error(error))? {
        let weight = (0..columns).filter_map(|column| bytes(row, column)).map(<[u8]>::len).sum::<usize>();
        held.add(weight + 64)?;
        visit(row)?;
    }
    Ok(())
}

fn broken(what: &'static str) -> impl Fn(NotAMessage) -> ReadError {
    move |error| ReadError::Definitions { what, why: error.to_string() }
}

/// A setting that is a number, or yes or no.
fn setting(guarded: &Guarded, key: &str) -> Result<Option<i64>, ReadError> {
    let mut found = None;
    let mut statement = guarded
        .db
        .prepare("SELECT val FROM config WHERE KEY = ?1 LIMIT 1")
        .map_err(|error| guarded.error(error))?;
    let mut rows = statement.query([key]).map_err(|error| guarded.error(error))?;
    if let Some(row) = rows.next().map_err(|error| guarded.error(error))? {
        let json = text(row, 0).unwrap_or_default();
        found = match json.trim() {
            "true" => Some(1),
            "false" => Some(0),
            number => number.parse().ok(),
        };
    }
    Ok(found)
}

pub(super) fn header(guarded: &Guarded, col: &Col) -> Result<Header, ReadError> {
    let clock = Clock {
        creation_offset: setting(guarded, "creationOffset")?,
        local_offset: setting(guarded, "localOffset")?,
        rollover: setting(guarded, "rollover")?,
        scheduler: setting(guarded, "schedVer")?,
        learn_ahead_s: setting(guarded, "collapseTime")?,
        fsrs: setting(guarded, "fsrs")? == Some(1),
    };
    Ok(clock.header(col))
}

pub(super) fn notetypes(guarded: &Guarded) -> Result<BTreeMap<i64, Notetype>, ReadError> {
    const WHAT: &str = "the note types";
    let mut held = Held::default();
    let mut notetypes = BTreeMap::new();
    each_row(guarded, "SELECT id, name, config FROM notetypes", &mut held, |row| {
        let Some(id) = integer(row, 0) else { return Ok(()) };
        let mut notetype = Notetype {
            id,
            name: text(row, 1).unwrap_or_default().into_owned(),
            kind: Kind::Standard,
            fields: Vec::new(),
            templates: Vec::new(),
            css: String::new(),
            latex_head: String::new(),
            latex_tail: String::new(),
        };
        let (mut is_cloze, mut stock) = (false, 0);
        for field in Fields::of(bytes(row, 2).unwrap_or(&[])) {
            match field.map_err(broken(WHAT))? {
                (1, value) => is_cloze = value.number() == 1,
                (3, value) => notetype.css = value.text(),
                (5, value) => notetype.latex_head = value.text(),
                (6, value) => notetype.latex_tail = value.text(),
                (9, value) => stock = value.signed(),
                _ => {}
            }
        }
        notetype.kind = match (is_cloze, stock) {
            (true, STOCK_OCCLUSION) => Kind::ImageOcclusion,
            (true, _) => Kind::Cloze,
            (false, _) => Kind::Standard,
        };
        notetypes.insert(id, notetype);
        Ok(())
    })?;
    each_row(guarded, "SELECT ntid, name FROM fields ORDER BY ntid, ord", &mut held, |row| {
        if let Some(notetype) = integer(row, 0).and_then(|id| notetypes.get_mut(&id)) {
            notetype.fields.push(text(row, 1).unwrap_or_default().into_owned());
        }
        Ok(())
    })?;
    each_row(guarded, "SELECT ntid, name, config FROM templates ORDER BY ntid, ord", &mut held, |row| {
        let Some(notetype) = integer(row, 0).and_then(|id| notetypes.get_mut(&id)) else { return Ok(()) };
        let mut template =
            Template { name: text(row, 1).unwrap_or_default().into_owned(), ..Template::default() };
        for field in Fields::of(bytes(row, 2).unwrap_or(&[])) {
            match field.map_err(broken(WHAT))? {
                (1, value) => template.front = value.text(),
                (2, value) => template.back = value.text(),
                _ => {}
            }
        }
        notetype.templates.push(template);
        Ok(())
    })?;
    Ok(notetypes)
}

pub(super) fn decks(guarded: &Guarded) -> Result<BTreeMap<i64, Deck>, ReadError> {
    const WHAT: &str = "the decks";
    let mut decks = BTreeMap::new();
    each_row(guarded, "SELECT id, name, kind FROM decks", &mut Held::default(), |row| {
        let Some(id) = integer(row, 0) else { return Ok(()) };
        let path = deck_path(&text(row, 1).unwrap_or_default());
        let mut deck = Deck { options: Some(1), ..Deck::new(id, &path) };
        for field in Fields::of(bytes(row, 2).unwrap_or(&[])) {
            match field.map_err(broken(WHAT))? {
                (1, value) => normal_deck(&mut deck, value.bytes()).map_err(broken(WHAT))?,
                (2, _) => (deck.is_filtered, deck.options) = (true, None),
                _ => {}
            }
        }
        decks.insert(id, deck);
        Ok(())
    })?;
    Ok(decks)
}

fn normal_deck(deck: &mut Deck, message: &[u8]) -> Result<(), NotAMessage> {
    for field in Fields::of(message) {
        match field? {
            (1, value) => deck.options = Some(value.signed()),
            (4, value) => deck.description = value.text(),
            (6, value) => deck.reviews_per_day = Some(value.small()),
            (7, value) => deck.new_per_day = Some(value.small()),
            (10, value) => deck.desired_retention = Some(value.float()),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn options(guarded: &Guarded) -> Result<BTreeMap<i64, DeckOptions>, ReadError> {
    let mut all = BTreeMap::new();
    each_row(guarded, "SELECT id, name, config FROM deck_config", &mut Held::default(), |row| {
        let Some(id) = integer(row, 0) else { return Ok(()) };
        let name = text(row, 1).unwrap_or_default().into_owned();
        let message = bytes(row, 2).unwrap_or(&[]);
        all.insert(id, options_of(id, name, message).map_err(broken("the deck options"))?);
        Ok(())
    })?;
    Ok(all)
}

fn options_of(id: i64, name: String, message: &[u8]) -> Result<DeckOptions, NotAMessage> {
    // What a message leaves out is zero: that is how the format is read.
    let mut options = DeckOptions {
        id,
        name,
        new_per_day: 0,
        reviews_per_day: 0,
        new_mix: Mix::Spread,
        maximum_interval_days: 0,
        leech_lapses: 0,
        leeches_are_suspended: true,
        learn_steps_min: Vec::new(),
        relearn_steps_min: Vec::new(),
        initial_ease_permille: 0,
        lapse_interval_permille: 0,
        buries_new: false,
        buries_reviews: false,
        desired_retention: 0.0,
        fsrs_parameters: Vec::new(),
        easy_days: Vec::new(),
        others: others::of_message(message)?,
    };
    let (mut fourth, mut fifth, mut sixth) = (Vec::new(), Vec::new(), Vec::new());
    for field in Fields::of(message) {
        let (number, value) = field?;
        match number {
            1 => value.floats_into(&mut options.learn_steps_min, NUMBERS_MAX),
            2 => value.floats_into(&mut options.relearn_steps_min, NUMBERS_MAX),
            3 => value.floats_into(&mut fourth, NUMBERS_MAX),
            4 => value.floats_into(&mut options.easy_days, 7),
            5 => value.floats_into(&mut fifth, NUMBERS_MAX),
            6 => value.floats_into(&mut sixth, NUMBERS_MAX),
            9 => options.new_per_day = value.small(),
            10 => options.reviews_per_day = value.small(),
            11 => options.initial_ease_permille = (value.float() * 1_000.0).round() as u32,
            14 => options.lapse_interval_permille = (value.float() * 1_000.0).round() as u32,
            16 => options.maximum_interval_days = value.small(),
            21 => options.leeches_are_suspended = value.number() == 0,
            22 => options.leech_lapses = value.small(),
            27 => options.buries_new = value.number() != 0,
            28 => options.buries_reviews = value.number() != 0,
            30 => options.new_mix = mix(value.signed()),
            37 => options.desired_retention = value.float(),
            _ => {}
        }
    }
    let newest = [sixth, fifth, fourth].into_iter().find(|parameters| !parameters.is_empty());
    options.fsrs_parameters = newest.unwrap_or_default();
    Ok(options)
}
