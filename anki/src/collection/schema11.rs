//! The older schema: one row whose columns hold note types, decks and options as JSON.

use super::definitions::{Held, deck_path};
use super::guard::Guarded;
use super::loose::{Number, Numbers, Text};
use super::others;
use super::value::{bytes, integer};
use crate::error::ReadError;
use crate::model::{Deck, DeckOptions, Header, Kind, Mix, Notetype, Template};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Numbers that a list of FSRS parameters or steps may have.
pub(super) const NUMBERS_MAX: usize = 64;
/// The stock note type that makes cards of regions of a picture.
pub(super) const STOCK_OCCLUSION: i64 = 6;
/// Learning cards are shown so much ahead of their time, in seconds, where nothing else is said.
pub(super) const LEARN_AHEAD_S: i64 = 1_200;

/// The one row that every schema has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Col {
    pub schema: i64,
    pub created_s: i64,
}

impl Col {
    pub fn read(guarded: &Guarded) -> Result<Col, ReadError> {
        let read = |row: &rusqlite::Row<'_>| Ok((integer(row, 0), integer(row, 1)));
        let (schema, created_s) = guarded
            .db
            .query_row("SELECT ver, crt FROM col LIMIT 1", [], read)
            .map_err(|error| guarded.error(error))?;
        let (Some(schema), Some(created_s)) = (schema, created_s) else {
            return Err(ReadError::Foreign("it does not say when it was made".to_owned()));
        };
        // From 1900 to 3000: what lies outside would put every due day out of reach.
        if !(-2_208_988_800..=32_503_680_000).contains(&created_s) {
            return Err(ReadError::Foreign("it was made at an impossible time".to_owned()));
        }
        Ok(Col { schema, created_s })
    }
}

/// Reads a column of JSON. `column` is one of ours, never the collection's.
fn json<T: DeserializeOwned>(
    guarded: &Guarded,
    column: &'static str,
    what: &'static str,
) -> Result<T, ReadError> {
    let sql = format!("SELECT {column} FROM col LIMIT 1");
    let read = |row: &rusqlite::Row<'_>| {
        let json = bytes(row, 0).unwrap_or(b"{}");
        if let Err(error) = Held::default().add(json.len()) {
            return Ok(Err(error));
        }
        let json = if json.is_empty() { b"{}" } else { json };
        Ok(serde_json::from_slice(json)
            .map_err(|error| ReadError::Definitions { what, why: error.to_string() }))
    };
    guarded.db.query_row(&sql, [], read).map_err(|error| guarded.error(error))?
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Conf {
    creation_offset: Number,
    local_offset: Number,
    rollover: Number,
    sched_ver: Number,
    collapse_time: Number,
    fsrs: Number,
}

impl Default for Conf {
    fn default() -> Self {
        let none = Number::default();
        Conf {
            creation_offset: none,
            local_offset: none,
            rollover: none,
            sched_ver: none,
            collapse_time: none,
            fsrs: none,
        }
    }
}

/// What the settings say about the clock.
pub(super) struct Clock {
    pub creation_offset: Option<i64>,
    pub local_offset: Option<i64>,
    pub rollover: Option<i64>,
    pub scheduler: Option<i64>,
    pub learn_ahead_s: Option<i64>,
    pub fsrs: bool,
}

impl Clock {
    /// The first scheduler knows no rollover; the later ones have one at four unless another was chosen.
    pub fn header(self, col: &Col) -> Header {
        let scheduler = if self.scheduler.unwrap_or(1) >= 2 { 2 } else { 1 };
        let hour = self.rollover.map_or(4, |hour| u8::try_from(hour.rem_euclid(24)).unwrap_or(4));
        let west = |minutes: i64| i32::try_from(minutes.clamp(-23 * 60, 23 * 60)).unwrap_or(0);
        Header {
            schema: col.schema,
            created_s: col.created_s,
            rollover_hour: (scheduler == 2).then_some(hour),
            creation_west_min: self.creation_offset.map(west),
            local_west_min: self.local_offset.map(west),
            scheduler,
            fsrs: self.fsrs,
            learn_ahead_s: self.learn_ahead_s.unwrap_or(LEARN_AHEAD_S).clamp(0, 86_400),
        }
    }
}

pub(super) fn header(guarded: &Guarded, col: &Col) -> Result<Header, ReadError> {
    let conf: Conf = json(guarded, "conf", "the settings")?;
    let clock = Clock {
        creation_offset: conf.creation_offset.whole(),
        local_offset: conf.local_offset.whole(),
        rollover: conf.rollover.whole(),
        scheduler: conf.sched_ver.whole(),
        learn_ahead_s: conf.collapse_time.whole(),
        fsrs: conf.fsrs.is_true(),
    };
    Ok(clock.header(col))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    #[serde(default)]
    name: Text,
    #[serde(default, rename = "type")]
    kind: Number,
    #[serde(default)]
    flds: Vec<Field>,
    #[serde(default)]
    tmpls: Vec<Tmpl>,
    #[serde(default)]
    css: Text,
    #[serde(default)]
    latex_pre: Text,
    #[serde(default)]
    latex_post: Text,
    #[serde(default)]
    original_stock_kind: Number,
}

#[derive(Deserialize)]
struct Field {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    ord: Number,
}

#[derive(Deserialize)]
struct Tmpl {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    qfmt: Text,
    #[serde(default)]
    afmt: Text,
    #[serde(default)]
    ord: Number,
}

pub(super) fn notetypes(guarded: &Guarded) -> Result<BTreeMap<i64, Notetype>, ReadError> {
    let models: BTreeMap<String, Model> = json(guarded, "models", "the note types")?;
    Ok(models.into_iter().filter_map(|(id, model)| Some(notetype(id.trim().parse().ok()?, model))).collect())
}

fn notetype(id: i64, mut model: Model) -> (i64, Notetype) {
    // Those without a place stay where they are: sorting is stable.
    model.flds.sort_by_key(|field| field.ord.whole().unwrap_or(i64::MAX));
    model.tmpls.sort_by_key(|tmpl| tmpl.ord.whole().unwrap_or(i64::MAX));
    let kind = match (model.kind.whole(), model.original_stock_kind.whole()) {
        (Some(1), Some(STOCK_OCCLUSION)) => Kind::ImageOcclusion,
        (Some(1), _) => Kind::Cloze,
        _ => Kind::Standard,
    };
    let template = |tmpl: Tmpl| Template { name: tmpl.name.0, front: tmpl.qfmt.0, back: tmpl.afmt.0 };
    let notetype = Notetype {
        id,
        name: model.name.0,
        kind,
        fields: model.flds.into_iter().map(|field| field.name.0).collect(),
        templates: model.tmpls.into_iter().map(template).collect(),
        css: model.css.0,
        latex_head: model.latex_pre.0,
        latex_tail: model.latex_post.0,
    };
    (id, notetype)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonDeck {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    desc: Text,
    #[serde(default)]
    conf: Number,
    #[serde(default, rename = "dyn")]
    is_filtered: Number,
    #[serde(default)]
    new_limit: Number,
    #[serde(default)]
    review_limit: Number,
    #[serde(default)]
    desired_retention: Number,
}

pub(super) fn decks(guarded: &Guarded) -> Result<BTreeMap<i64, Deck>, ReadError> {
    let decks: BTreeMap<String, JsonDeck> = json(guarded, "decks", "the decks")?;
    let deck = |(id, deck): (String, JsonDeck)| {
        let id = id.trim().parse().ok()?;
        let limit = |number: Number| number.whole().map(|_| number.whole_or(0));
        let is_filtered = deck.is_filtered.is_true();
        let deck = Deck {
            id,
            path: deck_path(&deck.name.0),
            description: deck.desc.0,
            options: (!is_filtered).then(|| deck.conf.whole().unwrap_or(1)),
            is_filtered,
            // Here it is a percentage.
            desired_retention: deck.desired_retention.float().map(|percent| percent / 100.0),
            new_per_day: limit(deck.new_limit),
            reviews_per_day: limit(deck.review_limit),
        };
        Some((id, deck))
    };
    Ok(decks.into_iter().filter_map(deck).collect())
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct DConf {
    name: Text,
    new: NewConf,
    rev: RevConf,
    lapse: LapseConf,
    new_mix: Number,
    #[serde(rename = "fsrsWeights")]
    fsrs_params4: Numbers,
    fsrs_params5: Numbers,
    fsrs_params6: Numbers,
    desired_retention: Number,
    easy_days_percentages: Numbers,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct NewConf {
    bury: Number,
    delays: Numbers,
    initial_factor: Number,
    per_day: Number,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct RevConf {
    bury: Number,
    max_ivl: Number,
    per_day: Number,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct LapseConf {
    delays: Numbers,
    leech_action: Number,
    leech_fails: Number,
    mult: Number,
}

pub(super) fn options(guarded: &Guarded) -> Result<BTreeMap<i64, DeckOptions>, ReadError> {
    const WHAT: &str = "the deck options";
    let all: BTreeMap<String, serde_json::Value> = json(guarded, "dconf", WHAT)?;
    let mut read = BTreeMap::new();
    for (id, conf) in all {
        let others = others::of_json(&conf);
        let known: DConf = serde_json::from_value(conf)
            .map_err(|error| ReadError::Definitions { what: WHAT, why: error.to_string() })?;
        if let Ok(id) = id.trim().parse() {
            read.insert(id, DeckOptions { others, ..known.options(id) });
        }
    }
    Ok(read)
}

impl DConf {
    fn options(self, id: i64) -> DeckOptions {
        let newest = [&self.fsrs_params6, &self.fsrs_params5, &self.fsrs_params4];
        let newest = newest.into_iter().find(|numbers| !numbers.0.is_empty());
        let permille = |number: Number, default: f32| (number.float().unwrap_or(default) * 1_000.0) as u32;
        DeckOptions {
            id,
            name: self.name.0,
            new_per_day: self.new.per_day.whole_or(20),
            reviews_per_day: self.rev.per_day.whole_or(200),
            new_mix: mix(self.new_mix.whole().unwrap_or(0)),
            maximum_interval_days: self.rev.max_ivl.whole_or(36_500),
            leech_lapses: self.lapse.leech_fails.whole_or(8),
            leeches_are_suspended: self.lapse.leech_action.whole() == Some(0),
            learn_steps_min: self.new.delays.floats(NUMBERS_MAX),
            relearn_steps_min: self.lapse.delays.floats(NUMBERS_MAX),
            initial_ease_permille: self.new.initial_factor.whole_or(2_500),
            lapse_interval_permille: permille(self.lapse.mult, 0.0),
            buries_new: self.new.bury.is_true(),
            buries_reviews: self.rev.bury.is_true(),
            desired_retention: self.desired_retention.float().unwrap_or(0.0),
            fsrs_parameters: newest.map(|numbers| numbers.floats(NUMBERS_MAX)).unwrap_or_default(),
            easy_days: self.easy_days_percentages.floats(7),
            others: BTreeMap::new(),
        }
    }
}

/// As Anki numbers it.
pub(super) const fn mix(number: i64) -> Mix {
    match number {
        1 => Mix::After,
        2 => Mix::Before,
        _ => Mix::Spread,
    }
}
