//! From a note and its type to the two sides of a card, as Anki shows them.
//!
//! The templates of a note type are read once ([`Renderer`]); a card is then filled in one pass over them. What comes out
//! is HTML that a stranger wrote ([`RawHtml`]): it has to pass the sanitiser before anybody sees it, and the type has no
//! way around that but [`RawHtml::into_unsafe`].
//!
//! Where a studyhall card differs from Anki's: what a cloze hides is set off by `<b>`; a hint is a `<details>`; a sound is
//! 🔊 and a reference; scripts and styles are gone; where something is typed, the front says nothing and the back shows
//! it; text that a style hides is a `<details>` too; of a covered picture the regions are handed out beside it. LaTeX stays as it is written.

mod cloze;
mod fill;
mod filters;
mod markup;
mod occlusion;
mod template;
mod weight;

use crate::limits::SHAPES_MAX;
use crate::model::{CardRow, Kind, Notetype};
pub use markup::Names;
use markup::Settling;
pub use occlusion::{Form, Occlusion, Shape};
use std::collections::{BTreeMap, HashMap};
use template::Parsed;
pub(crate) use weight::Weights;

/// Stands for what a card tells of the place it is in, where that is not known. No text has a meaning for it.
pub const ANYTHING: char = '\u{10fffd}';

/// Why a card could not be rendered. Anki shows an error in its place, or nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RenderError {
    /// Its front would show nothing: Anki offers to delete it.
    #[error("the card is empty: no field that its front shows is filled in")]
    Empty,
    /// The note type is not there.
    #[error("the note's type is missing")]
    NoNotetype,
    /// The note type has no such template.
    #[error("the note type has no template for this card")]
    NoTemplate,
    /// A template names a field that is not there.
    #[error("a template names the field {0:?}, which the note type does not have")]
    NoSuchField(String),
    /// Conditions in a template end where they did not begin.
    #[error("the conditions of a template are not closed in their order")]
    ConditionsCross,
    /// Conditions in a template are nested too deep.
    #[error("the conditions of a template are nested too deep")]
    NestedTooDeep,
    /// A replacement has too many filters.
    #[error("a replacement in a template has too many filters")]
    TooManyFilters,
    /// A template is too long.
    #[error("a template is too long")]
    TemplateTooLong,
    /// A side is too long.
    #[error("a side of the card is too long")]
    TooLong,
}

impl RenderError {
    /// The code that names it in a report.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_card",
            Self::NoNotetype => "no_notetype",
            Self::NoTemplate => "no_template",
            Self::NoSuchField(_)
            | Self::ConditionsCross
            | Self::NestedTooDeep
            | Self::TooManyFilters
            | Self::TemplateTooLong => "template_error",
            Self::TooLong => "card_too_long",
        }
    }

    fn no_such_field(name: &str) -> RenderError {
        RenderError::NoSuchField(name.chars().take(80).collect())
    }
}

/// What of a card's look did not come over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Loss {
    /// A script of the template.
    Script,
    /// A filter that an add-on knows.
    UnknownFilter,
    /// Text that is read aloud.
    Speech,
    /// A picture within the text.
    InlinePicture,
    /// A sound or picture that the package does not have.
    MediaMissing,
    /// The covers of a picture: the regions are handed out beside it.
    Covers,
    /// Text that a script shows on a click: here it is opened.
    Hidden,
}

impl Loss {
    /// All of them.
    pub const ALL: [Loss; 7] = [
        Loss::Script,
        Loss::UnknownFilter,
        Loss::Speech,
        Loss::InlinePicture,
        Loss::MediaMissing,
        Loss::Covers,
        Loss::Hidden,
    ];

    /// The code that names it in a report.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::UnknownFilter => "unknown_filter",
            Self::Speech => "speech",
            Self::InlinePicture => "inline_picture",
            Self::MediaMissing => "media_missing",
            Self::Covers => "picture_covers",
            Self::Hidden => "hidden_text",
        }
    }
}

/// A set of losses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Losses(u8);

impl Losses {
    /// Adds one.
    pub const fn add(&mut self, loss: Loss) {
        self.0 |= 1 << loss as u8;
    }

    /// Whether one is in it.
    pub const fn has(self, loss: Loss) -> bool {
        self.0 & (1 << loss as u8) != 0
    }

    /// Each of them once.
    pub fn each(self) -> impl Iterator<Item = Loss> {
        Loss::ALL.into_iter().filter(move |loss| self.has(*loss))
    }
}

/// HTML as a stranger wrote it. Not to be shown before a sanitiser has had it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RawHtml(String);

impl RawHtml {
    /// The text, for the sanitiser.
    pub fn into_unsafe(self) -> String {
        self.0
    }

    /// The text, for whoever measures or compares it.
    pub fn as_unsafe(&self) -> &str {
        &self.0
    }
}

/// A side of a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Side {
    /// The question.
    Front,
    /// The answer, without what it repeats of the question.
    Back,
}

/// What a media file is used as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum MediaKind {
    /// A picture.
    Picture,
    /// A sound, or a film.
    Sound,
}

/// A media file that a card uses.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct MediaRef {
    /// Its name in the package, composed.
    pub name: String,
    /// As what.
    pub kind: MediaKind,
    /// Where.
    pub side: Side,
}

/// A card as it is shown.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rendered {
    /// The question.
    pub front: RawHtml,
    /// The answer.
    pub back: RawHtml,
    /// The media that it uses, each once a side.
    pub media: Vec<MediaRef>,
    /// What is to be typed, as plain text.
    pub typed: Option<String>,
    /// The covered picture.
    pub occlusion: Option<Occlusion>,
    /// What did not come over.
    pub losses: Losses,
}

/// A note type, understood.
#[derive(Debug)]
struct Understood<'n> {
    notetype: &'n Notetype,
    templates: Vec<Result<Pair, RenderError>>,
}

/// A template's two sides, understood.
#[derive(Debug)]
struct Pair {
    front: Parsed,
    back: Parsed,
}

/// The note types of a collection, understood.
#[derive(Debug)]
pub struct Renderer<'n> {
    notetypes: HashMap<i64, Understood<'n>>,
}

impl<'n> Renderer<'n> {
    /// Reads all templates. Those that cannot be read are errors of their cards.
    pub fn new(notetypes: &'n BTreeMap<i64, Notetype>) -> Renderer<'n> {
        let understood = |notetype: &'n Notetype| {
            let pair = |front: &str, back: &str| {
                let front = Parsed::read(front, &notetype.fields)?;
                Ok(Pair { front, back: Parsed::read(back, &notetype.fields)? })
            };
            let templates = notetype.templates.iter().map(|t| pair(&t.front, &t.back)).collect();
            Understood { notetype, templates }
        };
        Renderer { notetypes: notetypes.iter().map(|(id, n)| (*id, understood(n))).collect() }
    }

    /// The note type of a note.
    pub fn notetype(&self, id: i64) -> Option<&'n Notetype> {
        self.notetypes.get(&id).map(|understood| understood.notetype)
    }

    /// Renders a card. `deck` is the path of its deck; `names` says what media are called here.
    ///
    /// # Errors
    /// The card is empty or cannot be rendered.
    pub fn render(
        &self,
        row: &CardRow<'_>,
        deck: &str,
        names: &mut Names<'_>,
    ) -> Result<Rendered, RenderError> {
        self.rendered(row, Some(deck), names)
    }

    /// Renders a card of which neither deck nor flag nor id is known: [`ANYTHING`] stands for each of them.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn render_anywhere(&self, row: &CardRow<'_>, names: &mut Names<'_>) -> Result<Rendered, RenderError> {
        self.rendered(row, None, names)
    }

    fn rendered(
        &self,
        row: &CardRow<'_>,
        deck: Option<&str>,
        names: &mut Names<'_>,
    ) -> Result<Rendered, RenderError> {
        let understood = self.notetypes.get(&row.note.notetype).ok_or(RenderError::NoNotetype)?;
        let notetype = understood.notetype;
        let nth = if notetype.kind == Kind::Standard { usize::from(row.card.ord) } else { 0 };
        let pair = understood.templates.get(nth).ok_or(RenderError::NoTemplate)?;
        let pair = pair.as_ref().map_err(Clone::clone)?;
        let template = notetype.templates.get(nth).map_or("", |template| template.name.as_str());
        let mut filling = fill::Filling::new(row, notetype, template, deck);
        if filling.is_empty(&pair.front) {
            return Err(RenderError::Empty);
        }
        let front = filling.side(&pair.front, Side::Front)?;
        let back = filling.side(&pair.back, Side::Back)?;
        let (typed, shapes) = filling.finish();
        Ok(Finishing { names, notetype, typed, shapes, unknown: pair }.finish(&front, &back))
    }
}

/// The last steps of a card.
struct Finishing<'f, 'n> {
    names: &'f mut Names<'n>,
    notetype: &'f Notetype,
    typed: Option<String>,
    shapes: Vec<Shape>,
    unknown: &'f Pair,
}

impl Finishing<'_, '_> {
    fn finish(mut self, front: &str, back: &str) -> Rendered {
        let mut card = Rendered { typed: self.typed.take(), ..Rendered::default() };
        if self.unknown.front.unknown_filters + self.unknown.back.unknown_filters > 0 {
            card.losses.add(Loss::UnknownFilter);
        }
        let mut front = self.settled(Side::Front, front, "", &mut card);
        let back = self.settled(Side::Back, back, &front, &mut card);
        if !self.shapes.is_empty() {
            self.shapes.truncate(SHAPES_MAX);
            card.losses.add(Loss::Covers);
            push_regions(&self.shapes, &mut front);
            let picture = card.media.iter().find(|media| media.kind == MediaKind::Picture);
            let picture = picture.map(|media| media.name.clone());
            card.occlusion = Some(Occlusion { picture, shapes: self.shapes });
        }
        (card.front, card.back) = (RawHtml(front), RawHtml(back));
        card
    }

    fn settled(&mut self, side: Side, html: &str, front: &str, card: &mut Rendered) -> String {
        let settling = Settling {
            side,
            names: &mut *self.names,
            media: &mut card.media,
            losses: &mut card.losses,
            drops_controls: self.notetype.kind == Kind::ImageOcclusion,
        };
        settling.settle(html, front)
    }
}

/// Where the regions lie that are asked for, in a way that needs no language: which of how many, and the extent in
/// percents of the picture's width and height.
fn push_regions(shapes: &[Shape], front: &mut String) {
    let most = shapes.iter().map(|shape| shape.number).max().unwrap_or(0);
    for shape in shapes.iter().filter(|shape| shape.is_asked && shape.number != 0) {
        let (left, right, top, bottom) = occlusion::extent(shape);
        front
            .push_str(&format!("<p>▢ {}/{most} · ↔ {left}–{right} % · ↕ {top}–{bottom} %</p>", shape.number));
    }
}
