//! What each column of a file means.

use super::preamble::Preamble;
use super::records::{Record, Records};

/// How many roles there are.
pub(super) const ROLES: usize = 7;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The question.
    Front,
    /// The answer.
    Back,
    /// A hint.
    Hint,
    /// An explanation.
    Explanation,
    /// Tags, between spaces.
    Tags,
    /// The source's name of the card.
    Guid,
    /// What is accepted besides the answer, between bars.
    Accept,
}

impl Role {
    /// Every role.
    pub(super) const ALL: [Role; ROLES] =
        [Role::Front, Role::Back, Role::Hint, Role::Explanation, Role::Tags, Role::Guid, Role::Accept];
    /// The roles of columns that nobody has named, in their order.
    const BY_PLACE: [Role; 5] = [Role::Front, Role::Back, Role::Hint, Role::Explanation, Role::Tags];

    /// Its place among all of them.
    pub(super) const fn place(self) -> usize {
        match self {
            Role::Front => 0,
            Role::Back => 1,
            Role::Hint => 2,
            Role::Explanation => 3,
            Role::Tags => 4,
            Role::Guid => 5,
            Role::Accept => 6,
        }
    }

    /// The role of a column with this name.
    pub(super) fn of_name(name: &str) -> Option<Role> {
        let name = name.trim().to_lowercase().replace(['_', '-'], " ");
        let known = NAMES.iter().find(|(_, names)| names.contains(&name.as_str()));
        known.map(|(role, _)| *role)
    }
}

/// The names of columns, in lower case: what people, spreadsheets and other programs call them.
const NAMES: [(Role, &[&str]); ROLES] = [
    (
        Role::Front,
        &[
            "front",
            "term",
            "question",
            "word",
            "prompt",
            "expression",
            "q",
            "front text",
            "side 1",
            "vorderseite",
            "frage",
            "begriff",
            "wort",
            "vokabel",
            "ausdruck",
            "recto",
            "terme",
            "mot",
            "anverso",
            "pregunta",
            "término",
            "palabra",
            "fronte",
            "domanda",
            "termine",
            "parola",
            "frente",
            "pergunta",
            "termo",
            "palavra",
            "voorkant",
            "vraag",
            "woord",
            "вопрос",
            "слово",
            "термин",
        ],
    ),
    (
        Role::Back,
        &[
            "back",
            "definition",
            "answer",
            "meaning",
            "translation",
            "response",
            "a",
            "back text",
            "side 2",
            "rückseite",
            "rueckseite",
            "antwort",
            "bedeutung",
            "übersetzung",
            "uebersetzung",
            "verso",
            "réponse",
            "reponse",
            "définition",
            "traduction",
            "signification",
            "reverso",
            "respuesta",
            "definición",
            "significado",
            "traducción",
            "retro",
            "risposta",
            "definizione",
            "significato",
            "traduzione",
            "resposta",
            "definição",
            "tradução",
            "achterkant",
            "antwoord",
            "betekenis",
            "vertaling",
            "ответ",
            "значение",
            "перевод",
            "определение",
        ],
    ),
    (Role::Hint, &["hint", "clue", "hinweis", "tipp", "indice", "pista", "dica", "подсказка"]),
    (
        Role::Explanation,
        &[
            "explanation",
            "extra",
            "back extra",
            "note",
            "notes",
            "comment",
            "comments",
            "example",
            "erklärung",
            "erklaerung",
            "erläuterung",
            "anmerkung",
            "bemerkung",
            "beispiel",
            "explication",
            "exemple",
            "explicación",
            "ejemplo",
            "spiegazione",
            "esempio",
            "explicação",
            "exemplo",
            "uitleg",
            "voorbeeld",
        ],
    ),
    (
        Role::Tags,
        &[
            "tags",
            "tag",
            "labels",
            "label",
            "category",
            "categories",
            "topic",
            "schlagwort",
            "schlagwörter",
            "stichwort",
            "stichwörter",
            "kategorie",
            "kategorien",
            "thema",
            "catégorie",
            "étiquettes",
            "etiquetas",
            "categoría",
            "etichette",
            "categoria",
            "метки",
        ],
    ),
    (Role::Guid, &["guid", "uuid", "note id", "card id", "external id", "source id"]),
    (Role::Accept, &["accept", "accepted", "accepted answers", "also accepted", "alternative answers"]),
];

/// The place of each column that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    /// Index of the question's column.
    pub front: usize,
    /// Index of the answer's.
    pub back: usize,
    /// Index of the hint's.
    pub hint: Option<usize>,
    /// Index of the explanation's.
    pub explanation: Option<usize>,
    /// Index of the tags'.
    pub tags: Option<usize>,
    /// Index of the guid's.
    pub guid: Option<usize>,
    /// Index of the accepted answers'.
    pub accept: Option<usize>,
    /// Columns of the file; a row with something beyond them is rejected.
    pub width: usize,
}

/// The names in a row that may be a header.
pub(super) struct Header {
    roles: Vec<Option<Role>>,
}

impl Header {
    /// Reads a row as a header.
    pub fn of(record: &Record) -> Header {
        let mut header = Header { roles: Vec::new() };
        for name in record.fields() {
            let role = Role::of_name(name).filter(|role| !header.roles.contains(&Some(*role)));
            header.roles.push(role);
        }
        header
    }

    /// Whether this can only be a header: it names a front and a back.
    pub fn is_certain(&self) -> bool {
        [Role::Front, Role::Back].iter().all(|role| self.roles.contains(&Some(*role)))
    }
}

/// Puts the columns in their places: as the header names them, then as the top of the file does, and the rest in the
/// order front, back, hint, explanation, tags.
pub(super) fn lay_out(header: Option<&Header>, preamble: &Preamble, width: usize) -> Layout {
    let mut roles: Vec<Option<Role>> = header.map_or_else(Vec::new, |header| header.roles.clone());
    let named = [(preamble.guid_column, Role::Guid), (preamble.tags_column, Role::Tags)];
    let width = named.iter().filter_map(|(column, _)| *column).fold(width.max(roles.len()), usize::max);
    roles.resize(width, None);
    let mut taken: Vec<bool> = roles.iter().map(Option::is_some).collect();
    for (column, role) in named {
        let Some(index) = column.and_then(|column| column.checked_sub(1)) else { continue };
        roles.iter_mut().filter(|other| **other == Some(role)).for_each(|other| *other = None);
        roles[index] = Some(role);
        taken[index] = true;
    }
    for index in preamble.other_columns.iter().filter_map(|column| column.checked_sub(1)) {
        if let (Some(role), Some(taken)) = (roles.get_mut(index), taken.get_mut(index)) {
            (*role, *taken) = (None, true);
        }
    }
    let needed: &[Role] = if header.is_some() { &[Role::Front, Role::Back] } else { &Role::BY_PLACE };
    let missing = needed.iter().filter(|role| !roles.contains(&Some(**role))).copied().collect::<Vec<_>>();
    let free = (0..).filter(|index| taken.get(*index) != Some(&true));
    let mut layout = Layout { width, ..Layout::default() };
    for (role, index) in missing.into_iter().zip(free) {
        layout.set(role, index);
    }
    for (index, role) in roles.iter().enumerate() {
        if let Some(role) = role {
            layout.set(*role, index);
        }
    }
    layout
}

impl Layout {
    /// Puts a role in its place. Only front and back may lie beyond the last column: then every row lacks them.
    fn set(&mut self, role: Role, index: usize) {
        let inside = (index < self.width).then_some(index);
        match role {
            Role::Front => self.front = index,
            Role::Back => self.back = index,
            Role::Hint => self.hint = inside,
            Role::Explanation => self.explanation = inside,
            Role::Tags => self.tags = inside,
            Role::Guid => self.guid = inside,
            Role::Accept => self.accept = inside,
        }
    }

    /// The index of a role's column.
    pub fn index(&self, role: Role) -> Option<usize> {
        match role {
            Role::Front => Some(self.front),
            Role::Back => Some(self.back),
            Role::Hint => self.hint,
            Role::Explanation => self.explanation,
            Role::Tags => self.tags,
            Role::Guid => self.guid,
            Role::Accept => self.accept,
        }
    }
}

/// The number, from 1, of the column at this index.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

/// The header that `#columns:` gives, divided as the file is.
pub(super) fn named_columns(names: &str, delimiter: u8) -> Option<Header> {
    let mut header = None;
    let mut records = Records::new(delimiter, 1);
    let mut each = |record: &Record| {
        header = Some(Header::of(record));
        Ok(())
    };
    records.feed(names, &mut each).ok()?;
    records.finish(&mut each).ok()?;
    header
}
