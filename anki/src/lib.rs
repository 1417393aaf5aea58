//! Reads what Anki writes: packages of all three forms, whole collections, and the folder of a profile; and writes what
//! Anki reads ([`Writer`]).
//!
//! A file comes from a stranger, and is years of somebody's work: so nothing in it is believed, and nothing of it is
//! dropped without being counted. Reading goes in four steps, each of them a value that can be looked at:
//!
//! 1. [`Package::open`] finds out the form, unpacks the database into a file of our own, and lists the media.
//! 2. [`Collection::open`] opens that database read-only and distrusted, checks it, and reads note types, decks and
//!    options.
//! 3. [`Collection::each_card`] and [`Collection::each_review`] give rows, one at a time; memory does not grow with them.
//! 4. [`Renderer`] makes the two sides of a card; [`map`] says where it stands in our schedule and what answer a row of
//!    the review log was. Both are pure.
//!
//! What comes out is still a stranger's: HTML has to pass the sanitiser ([`RawHtml`]). This room knows nothing of the
//! server, no clock, and no network; it blocks, and belongs on a thread of its own.

mod collection;
mod effort;
mod error;
mod fidelity;
pub mod fuzz;
pub mod limits;
pub mod map;
mod model;
mod package;
mod render;
mod wire;
mod write;

pub use collection::{CardTally, Collection, DEFAULT_PATH, Definitions, ReviewTally, Sizes};
pub use effort::{Effort, TooMuchEffort};
pub use error::{EachError, MediaError, OpenError, ReadError};
pub use fidelity::{DeckReport, Fidelity, NotetypeReport, Sample};
pub use limits::Limits;
pub use model::{
    Card, CardName, CardRow, Deck, DeckOptions, Due, FIELD_SEPARATOR, Header, Kind, Memory, Mix, Note,
    Notetype, Place, Review, ReviewKind, Stage, Template, source_key,
};
pub use package::{Form, GuardedZip, MediaFile, Package, ProfileFolder, write_zip};
pub use render::{
    ANYTHING, Form as ShapeForm, Loss, Losses, MediaKind, MediaRef, Names, Occlusion, RawHtml, RenderError,
    Rendered, Renderer, Shape, Side,
};
pub use write::{WriteError, Writer};
