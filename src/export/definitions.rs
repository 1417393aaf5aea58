//! Note types, the deck and its options, as a package has them.

use super::package::PackageParts;
use super::schedule::DayZero;
use crate::jobs::anki::own::{OWN_NOTETYPE, deck_number, is_own, own_notetype};
use anki::{Deck, DeckOptions, Definitions, Header, Kind, Mix, Notetype, Template};
use domain::day::Day;
use domain::deck::{NewMix, SchedulerKind};
use domain::ids::NoteTypeId;
use domain::schedule::EasyDays;
use ports::{DeckRecord, NoteKind, NoteTemplate, NoteTypeRecord};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Ids lie below: a larger one is none that Anki gave, and JSON has no room for it.
const IDS_END: i64 = 1 << 53;

/// The id that a note or a note type had in Anki, by what is kept of it besides.
pub(super) fn id_there(extra: &Value) -> Option<i64> {
    extra["anki"]["id"].as_i64().filter(|id| (1..IDS_END).contains(id))
}

/// Note types that came from Anki, by their ids here.
pub(super) struct Kept {
    pub by_id: HashMap<NoteTypeId, Notetype>,
    /// The one of cards that were made or changed here, with the templates that somebody added to it in Anki.
    own: Notetype,
}

impl Kept {
    pub fn of(records: &[NoteTypeRecord]) -> Kept {
        let mut taken = HashSet::from([OWN_NOTETYPE]);
        let mut by_id = HashMap::new();
        let is_ours = |record: &&NoteTypeRecord| is_own(&record.name, &record.fields);
        let longer = records.iter().filter(is_ours).find(|record| record.templates.len() > 1);
        let own = longer.map_or_else(own_notetype, |record| Notetype {
            templates: record.templates.iter().map(template).collect(),
            css: record.css.clone(),
            ..own_notetype()
        });
        for record in records {
            // Of two to which templates were added, the second is one like others.
            let is_first = longer.is_some_and(|longer| longer.id == record.id);
            if is_ours(&record) && (is_first || record.templates.len() < 2) {
                by_id.insert(record.id, own.clone());
                continue;
            }
            let extra: Value = serde_json::from_str(&record.extra).unwrap_or_default();
            let theirs = &extra["anki"];
            let mut id = id_there(&extra).unwrap_or(OWN_NOTETYPE + 1);
            while !taken.insert(id) {
                id += 1;
            }
            let kind = match (record.kind, theirs["kind"].as_str()) {
                (_, Some("image_occlusion")) => Kind::ImageOcclusion,
                (NoteKind::Cloze, _) => Kind::Cloze,
                (NoteKind::Standard, _) => Kind::Standard,
            };
            let text = |name: &str| theirs[name].as_str().unwrap_or_default().to_owned();
            let notetype = Notetype {
                id,
                name: record.name.clone(),
                kind,
                fields: record.fields.clone(),
                templates: record.templates.iter().map(template).collect(),
                css: record.css.clone(),
                latex_head: text("latex_head"),
                latex_tail: text("latex_tail"),
            };
            by_id.insert(record.id, notetype);
        }
        Kept { by_id, own }
    }
}

fn template(of: &NoteTemplate) -> Template {
    Template { name: of.name.clone(), front: of.question.clone(), back: of.answer.clone() }
}

pub(super) fn day_zero(deck: &DeckRecord) -> DayZero {
    DayZero(Day(i32::try_from(deck.created_ms.div_euclid(86_400_000)).unwrap_or(0)))
}

pub(super) fn definitions(parts: &PackageParts, kept: &Kept) -> Definitions {
    let deck = &parts.deck;
    let mut notetypes: BTreeMap<i64, Notetype> =
        kept.by_id.values().map(|notetype| (notetype.id, notetype.clone())).collect();
    notetypes.insert(OWN_NOTETYPE, kept.own.clone());
    let number = deck_number(deck.id);
    let of_deck = Deck {
        description: deck.description.clone(),
        options: Some(number),
        ..Deck::new(number, &deck.path)
    };
    Definitions {
        header: Header {
            schema: 11,
            created_s: deck.created_ms.div_euclid(86_400_000) * 86_400,
            rollover_hour: Some(4),
            creation_west_min: Some(0),
            local_west_min: Some(0),
            scheduler: 2,
            fsrs: deck.settings.scheduler == SchedulerKind::Fsrs,
            learn_ahead_s: 1_200,
        },
        notetypes,
        decks: BTreeMap::from([(number, of_deck)]),
        options: BTreeMap::from([(number, options(deck, number))]),
    }
}

fn options(deck: &DeckRecord, id: i64) -> DeckOptions {
    let settings = &deck.settings;
    DeckOptions {
        id,
        name: deck.title.clone(),
        new_per_day: settings.new_per_day,
        reviews_per_day: settings.reviews_per_day,
        new_mix: match settings.new_mix {
            NewMix::Spread => Mix::Spread,
            NewMix::Before => Mix::Before,
            NewMix::After => Mix::After,
        },
        maximum_interval_days: settings.maximum_interval_days,
        leech_lapses: u32::from(settings.leech_after),
        leeches_are_suspended: false,
        learn_steps_min: vec![1.0, 10.0],
        relearn_steps_min: vec![10.0],
        initial_ease_permille: 2_500,
        lapse_interval_permille: 0,
        buries_new: settings.bury_siblings,
        buries_reviews: settings.bury_siblings,
        desired_retention: f32::from(settings.desired_retention_permille) / 1_000.0,
        fsrs_parameters: settings
            .parameters
            .iter()
            .flat_map(|own| own.decimals())
            .map(|w| w as f32)
            .collect(),
        easy_days: if settings.easy_days == EasyDays::NONE {
            Vec::new()
        } else {
            settings.easy_days.0.map(|percent| f32::from(percent) / 100.0).to_vec()
        },
        others: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::DeckId;

    #[test]
    fn a_note_type_has_the_id_that_it_had_if_anki_could_have_given_it() {
        let ids = |there: &[i64]| {
            let record = |(n, id): (u128, &i64)| NoteTypeRecord {
                id: NoteTypeId::from_u128(n),
                deck: DeckId::from_u128(1),
                name: "Basic".to_owned(),
                fields: vec!["Front".to_owned()],
                templates: Vec::new(),
                css: String::new(),
                kind: NoteKind::Standard,
                extra: format!(r#"{{"anki":{{"id":{id}}}}}"#),
            };
            let records: Vec<NoteTypeRecord> = (1..).zip(there).map(record).collect();
            let kept = Kept::of(&records);
            records.iter().map(|record| kept.by_id[&record.id].id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&[1_500_000_000_001, 7, 7]), [1_500_000_000_001, 7, 8]);
        let other = [1, 2, 3, 4].map(|n| OWN_NOTETYPE + n);
        assert_eq!(ids(&[i64::MAX, i64::MAX, 0, -7]), other);
        assert_eq!(ids(&[IDS_END - 1, IDS_END]), [IDS_END - 1, OWN_NOTETYPE + 1]);
    }
}
