//! Which column is what.

use super::directives::Directives;
use unicode_normalization::UnicodeNormalization;

/// What stands in a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    Front,
    Back,
    Hint,
    Explanation,
    Tags,
    Guid,
    /// Something that no card has.
    Ignored,
}

/// The columns of a file without names, in order: as the fields of a card are listed everywhere else.
const UNNAMED: [Column; 5] = [Column::Front, Column::Back, Column::Hint, Column::Explanation, Column::Tags];

/// The columns of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Columns {
    pub(super) roles: Vec<Column>,
    /// Whether a cell beyond them is a fault of its row.
    pub(super) strict: bool,
    /// Names of columns that no card has.
    pub(super) ignored: Vec<String>,
}

impl Columns {
    /// Columns without names.
    pub(super) fn unnamed(directives: &Directives) -> Columns {
        let special = [
            (directives.guid_column, Column::Guid),
            (directives.tags_column, Column::Tags),
            (directives.deck_column, Column::Ignored),
            (directives.notetype_column, Column::Ignored),
        ];
        if !directives.of_anki {
            return Columns { roles: UNNAMED.to_vec(), strict: true, ignored: Vec::new() };
        }
        // Anki's fields beyond the second have meanings of their own, which differ from note type to note type.
        let mut fields = [Column::Front, Column::Back].into_iter();
        let width =
            special.iter().filter_map(|(at, _)| *at).max().unwrap_or(0).min(super::limits::COLUMNS_MAX) + 2;
        let role = |at: usize| {
            let named = special.iter().find(|(column, _)| *column == Some(at)).map(|(_, role)| *role);
            named.or_else(|| fields.next()).unwrap_or(Column::Ignored)
        };
        Columns { roles: (1..=width).map(role).collect(), strict: false, ignored: Vec::new() }
    }

    /// Columns with these names. Where neither front nor back is named, the first two columns are these.
    pub(super) fn named(names: &[&str], directives: &Directives) -> Columns {
        let mut roles: Vec<Column> = Vec::with_capacity(names.len());
        for name in names {
            // Of two columns with one meaning the first has it.
            let role = role_of(name).filter(|role| !roles.contains(role));
            roles.push(role.unwrap_or(Column::Ignored));
        }
        for (at, role) in [(directives.guid_column, Column::Guid), (directives.tags_column, Column::Tags)] {
            if let Some(place) = at.and_then(|at| roles.get_mut(at - 1)) {
                *place = role;
            }
        }
        if !roles.contains(&Column::Front) || !roles.contains(&Column::Back) {
            let mut free = roles
                .iter_mut()
                .filter(|role| matches!(role, Column::Ignored | Column::Front | Column::Back));
            for role in [Column::Front, Column::Back] {
                if let Some(place) = free.next() {
                    *place = role;
                }
            }
        }
        let unused = roles
            .iter()
            .zip(names)
            .filter(|(role, name)| **role == Column::Ignored && !name.trim().is_empty());
        let ignored = unused.map(|(_, name)| name.trim().chars().take(100).collect()).collect();
        Columns { roles, strict: !directives.of_anki, ignored }
    }

    /// The column, from 1, that holds this.
    pub(super) fn of(&self, role: Column) -> Option<usize> {
        self.roles.iter().position(|known| *known == role).map(|at| at + 1)
    }
}

/// Whether the first record names columns instead of being a card: it must name both sides.
pub(super) fn is_header(fields: &[&str]) -> bool {
    let names = |wanted: Column| fields.iter().any(|field| role_of(field) == Some(wanted));
    names(Column::Front) && names(Column::Back)
}

/// What a column of this name holds. The names are those that programs write and that people use in English, German,
/// French, Spanish, Italian, Dutch and Portuguese.
fn role_of(name: &str) -> Option<Column> {
    let name: String = name.trim().trim_end_matches([':', '*']).nfc().flat_map(char::to_lowercase).collect();
    let name = name.replace(['_', '-'], " ");
    Some(match name.as_str() {
        "front" | "question" | "term" | "word" | "prompt" | "vorderseite" | "frage" | "begriff" | "wort"
        | "recto" | "terme" | "anverso" | "pregunta" | "término" | "fronte" | "domanda" | "voorkant"
        | "vraag" | "frente" | "pergunta" | "q" => Column::Front,
        "back" | "answer" | "definition" | "translation" | "meaning" | "rückseite" | "rueckseite"
        | "antwort" | "übersetzung" | "bedeutung" | "verso" | "réponse" | "définition" | "reverso"
        | "respuesta" | "definición" | "retro" | "risposta" | "definizione" | "achterkant" | "antwoord"
        | "resposta" | "a" => Column::Back,
        "hint" | "clue" | "hinweis" | "tipp" | "indice" | "pista" | "suggerimento" | "dica" => Column::Hint,
        "explanation" | "notes" | "note" | "comment" | "extra" | "erklärung" | "erklaerung" | "anmerkung"
        | "bemerkung" | "explication" | "explicación" | "spiegazione" => Column::Explanation,
        "tags" | "tag" | "labels" | "schlagwörter" | "schlagworte" | "stichwörter" | "étiquettes"
        | "etiquetas" => Column::Tags,
        "guid" | "id" | "external id" | "uid" => Column::Guid,
        _ => return None,
    })
}
