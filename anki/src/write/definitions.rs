//! Note types, decks, options and clock as the JSON of the older schema, with all that Anki insists on.

use crate::collection::Definitions;
use crate::model::{Deck, DeckOptions, Header, Kind, Mix, Notetype};
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Changed, and not synchronised yet.
const USN: i64 = -1;

pub(super) fn write(db: &Connection, definitions: &Definitions) -> rusqlite::Result<()> {
    let header = &definitions.header;
    let by_id = |each: Vec<(i64, Value)>| {
        let map: Map<String, Value> = each.into_iter().map(|(id, value)| (id.to_string(), value)).collect();
        Value::Object(map).to_string()
    };
    let models =
        definitions.notetypes.values().map(|notetype| (notetype.id, model(notetype, header))).collect();
    let real = definitions.decks.values().filter(|deck| !deck.is_filtered);
    let mut decks: Vec<(i64, Value)> = real.map(|deck| (deck.id, deck_json(deck))).collect();
    if !definitions.decks.contains_key(&1) {
        decks.push((1, deck_json(&default_deck())));
    }
    let mut options: Vec<(i64, Value)> =
        definitions.options.values().map(|options| (options.id, options_json(options))).collect();
    if !definitions.options.contains_key(&1) {
        options.push((1, options_json(&default_options())));
    }
    db.execute(
        "INSERT INTO col VALUES (1, ?1, 0, 0, 11, 0, 0, 0, ?2, ?3, ?4, ?5, '{}')",
        params![header.created_s, conf(header).to_string(), by_id(models), by_id(decks), by_id(options)],
    )?;
    Ok(())
}

fn conf(header: &Header) -> Value {
    let mut conf = json!({
        "schedVer": header.scheduler.max(2), "sched2021": true, "curDeck": 1, "activeDecks": [1], "nextPos": 1,
        "collapseTime": header.learn_ahead_s, "fsrs": header.fsrs, "addToCur": true, "dueCounts": true,
        "estTimes": true, "newSpread": 0, "timeLim": 0, "sortType": "noteFld", "sortBackwards": false,
        "dayLearnFirst": false,
    });
    if let Some(conf) = conf.as_object_mut() {
        let numbers = [
            ("rollover", header.rollover_hour.map(i64::from)),
            ("creationOffset", header.creation_west_min.map(i64::from)),
            ("localOffset", header.local_west_min.map(i64::from)),
        ];
        conf.extend(numbers.into_iter().filter_map(|(key, number)| Some((key.to_owned(), number?.into()))));
    }
    conf
}

fn model(notetype: &Notetype, header: &Header) -> Value {
    let is_occlusion = notetype.kind == Kind::ImageOcclusion;
    let field = |(ord, name): (usize, &String)| {
        // What regions are told by, and not by their names.
        let tag = is_occlusion.then_some(ord);
        json!({"name": name, "ord": ord, "sticky": false, "rtl": false, "font": "Arial", "size": 20, "media": [],
            "description": "", "tag": tag, "preventDeletion": is_occlusion && ord < 4})
    };
    let fields: Vec<Value> = notetype.fields.iter().enumerate().map(field).collect();
    let template = |(ord, template): (usize, &crate::model::Template)| {
        json!({"name": template.name, "ord": ord, "qfmt": template.front, "afmt": template.back, "bqfmt": "",
            "bafmt": "", "did": null, "bfont": "", "bsize": 0})
    };
    let templates: Vec<Value> = notetype.templates.iter().enumerate().map(template).collect();
    json!({
        "id": notetype.id, "name": notetype.name, "type": i32::from(notetype.kind != Kind::Standard),
        "mod": header.created_s, "usn": USN, "sortf": 0, "did": null, "tmpls": templates, "flds": fields,
        "css": notetype.css, "latexPre": notetype.latex_head, "latexPost": notetype.latex_tail,
        "latexsvg": false, "req": [], "tags": [], "vers": [],
        "originalStockKind": if is_occlusion { 6 } else { 0 },
    })
}

fn deck_json(deck: &Deck) -> Value {
    json!({
        "id": deck.id, "mod": 0, "name": deck.path, "usn": USN, "lrnToday": [0, 0], "revToday": [0, 0],
        "newToday": [0, 0], "timeToday": [0, 0], "collapsed": false, "browserCollapsed": false,
        "desc": deck.description, "dyn": 0, "conf": deck.options.unwrap_or(1), "extendNew": 0, "extendRev": 0,
        "reviewLimit": deck.reviews_per_day, "newLimit": deck.new_per_day,
        "desiredRetention": deck.desired_retention.map(|fraction| (fraction * 100.0).round() as u32),
    })
}

fn default_deck() -> Deck {
    Deck { options: Some(1), ..Deck::new(1, crate::collection::DEFAULT_PATH) }
}

fn options_json(options: &DeckOptions) -> Value {
    let permille = |number: u32| f64::from(number) / 1_000.0;
    let mut fsrs = [Vec::new(), Vec::new(), Vec::new()];
    // Each version has its own number of parameters.
    let version = match options.fsrs_parameters.len() {
        ..=17 => 0,
        18 | 19 => 1,
        _ => 2,
    };
    if let Some(of_version) = fsrs.get_mut(version) {
        of_version.clone_from(&options.fsrs_parameters);
    }
    let [fourth, fifth, sixth] = fsrs;
    let mix = match options.new_mix {
        Mix::Spread => 0,
        Mix::After => 1,
        Mix::Before => 2,
    };
    json!({
        "id": options.id, "mod": 0, "name": options.name, "usn": USN, "maxTaken": 60, "autoplay": true,
        "timer": 0, "replayq": true, "dyn": false, "newMix": mix,
        "new": {"bury": options.buries_new, "delays": options.learn_steps_min,
            "initialFactor": options.initial_ease_permille.clamp(1_300, 65_000), "ints": [1, 4, 0], "order": 1,
            "perDay": options.new_per_day},
        "rev": {"bury": options.buries_reviews, "ease4": 1.3, "ivlFct": 1.0, "maxIvl": options.maximum_interval_days,
            "perDay": options.reviews_per_day, "hardFactor": 1.2},
        "lapse": {"delays": options.relearn_steps_min, "leechAction": i32::from(!options.leeches_are_suspended),
            "leechFails": options.leech_lapses, "minInt": 1, "mult": permille(options.lapse_interval_permille)},
        "fsrsWeights": fourth, "fsrsParams5": fifth, "fsrsParams6": sixth,
        "desiredRetention": options.desired_retention, "easyDaysPercentages": options.easy_days,
    })
}

fn default_options() -> DeckOptions {
    DeckOptions {
        id: 1,
        name: "Default".to_owned(),
        new_per_day: 20,
        reviews_per_day: 200,
        new_mix: Mix::Spread,
        maximum_interval_days: 36_500,
        leech_lapses: 8,
        leeches_are_suspended: false,
        learn_steps_min: vec![1.0, 10.0],
        relearn_steps_min: vec![10.0],
        initial_ease_permille: 2_500,
        lapse_interval_permille: 0,
        buries_new: false,
        buries_reviews: false,
        desired_retention: 0.9,
        fsrs_parameters: Vec::new(),
        easy_days: Vec::new(),
        others: BTreeMap::new(),
    }
}
