//! Which person of the register a person of a roster is: by the key that both have (the source's id, or the login where
//! there is none, or the address where there is neither), so that whom a roster made it finds again; then by login, then
//! by address. The latter two only where exactly one on either side is left with it: brothers and sisters may share an
//! address.

use crate::rosters::model::{RosterPerson, key};
use ports::Registered;
use ports::register::Status;
use std::collections::HashMap;

/// For each person of the roster the place in the register.
pub(super) fn matched(roster: &[RosterPerson], register: &[Registered]) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; roster.len()];
    let mut is_taken = vec![false; register.len()];
    // An export names by the account whom no other system has named.
    let accounts: HashMap<String, usize> =
        register.iter().enumerate().map(|(place, who)| (who.user.to_string(), place)).collect();
    let mut keys: HashMap<String, usize> = HashMap::new();
    for (place, who) in register.iter().enumerate() {
        let Some(key) = key(&who.external, &who.login, &who.email) else { continue };
        // Of several with the same key, who is there still.
        let place_of_key = keys.entry(key).or_insert(place);
        let is_gone = register.get(*place_of_key).is_some_and(|who| who.status == Status::Gone);
        if is_gone && who.status == Status::Active {
            *place_of_key = place;
        }
    }
    for (person, found) in roster.iter().zip(&mut found) {
        let by_key = person.key().and_then(|key| keys.get(&key).copied());
        *found = by_key.or_else(|| accounts.get(&person.external).copied());
        let Some(taken) = found.and_then(|place| is_taken.get_mut(place)) else { continue };
        if std::mem::replace(taken, true) {
            *found = None;
        }
    }
    let by_login: (OfRoster, OfRegister) = (|person| &person.login, |who| &who.login);
    let by_email: (OfRoster, OfRegister) = (|person| &person.email, |who| &who.email);
    for (of_roster, of_register) in [by_login, by_email] {
        let there = by(register, &is_taken, of_register);
        let mut named: HashMap<&str, u32> = HashMap::new();
        for (person, _) in roster.iter().zip(&found).filter(|(_, found)| found.is_none()) {
            *named.entry(of_roster(person)).or_default() += 1;
        }
        for (person, found) in roster.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let key = of_roster(person).as_str();
            let alone = !key.is_empty() && !person.is_reference && named.get(key) == Some(&1);
            let Some([place]) = there.get(key).filter(|_| alone).map(Vec::as_slice) else { continue };
            *found = Some(*place);
            if let Some(taken) = is_taken.get_mut(*place) {
                *taken = true;
            }
        }
    }
    found
}

type OfRoster = fn(&RosterPerson) -> &String;
type OfRegister = fn(&Registered) -> &String;

/// The places of those who are not taken, by what is said of them.
fn by<'a>(register: &'a [Registered], is_taken: &[bool], of: OfRegister) -> HashMap<&'a str, Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, (who, taken)) in register.iter().zip(is_taken).enumerate() {
        if !taken && !of(who).is_empty() {
            places.entry(of(who)).or_default().push(place);
        }
    }
    places
}
