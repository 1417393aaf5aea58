//! Why something could not be read: one enum an operation.

use std::io;

/// Why a package was refused. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither a zip, nor a database, nor a folder of a profile.
    #[error("this is no package of Anki: an .apkg, a .colpkg, or the folder of a profile is expected")]
    NotAPackage,
    /// An archive, or a folder, without a collection.
    #[error("there is no collection in it: neither a package's nor a profile's")]
    NoCollection,
    /// An archive with the folders of several profiles.
    #[error("there are {0} profiles in it, and one is read at a time: zip the folder of one of them")]
    SeveralProfiles(usize),
    /// A database that was left in the middle of a change. What would undo it names files, and is never played back.
    #[error(
        "the collection was left in the middle of a change (there is a `collection.anki2-journal`): open it with Anki, \
         close Anki, and copy it again"
    )]
    Unfinished,
    /// A package that a newer Anki wrote.
    #[error("the package was written in a form (version {version}) that is not known here")]
    TooNew {
        /// As it states.
        version: u64,
    },
    /// The archive is broken.
    #[error("the archive is damaged: {0}")]
    Archive(String),
    /// Parts of the archive lie over one another: nobody's export does that.
    #[error("the archive's entries lie over one another")]
    Overlapping,
    /// Too much of something.
    #[error("{what}: {found}, at most {max} are read")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much there is, as far as it was read.
        found: u64,
        /// How much may be.
        max: u64,
    },
    /// The list of media cannot be read.
    #[error("the list of media is damaged: {0}")]
    MediaList(String),
    /// A media name that leads out of the folder of media.
    #[error("the media name {0:?} leads out of its folder")]
    UnsafeMediaName(String),
    /// Reading the package or writing the unpacked collection failed.
    #[error("reading the package failed: {0}")]
    Io(#[from] io::Error),
}

impl OpenError {
    /// The code that names it in an API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAPackage => "not_a_package",
            Self::NoCollection => "no_collection",
            Self::SeveralProfiles(_) => "several_profiles",
            Self::Unfinished => "collection_unfinished",
            Self::TooNew { .. } => "package_too_new",
            Self::Archive(_) => "archive_damaged",
            Self::Overlapping => "archive_overlapping",
            Self::TooMuch { .. } => "package_too_large",
            Self::MediaList(_) => "media_list_damaged",
            Self::UnsafeMediaName(_) => "media_name_unsafe",
            Self::Io(_) => "read_failed",
        }
    }
}

/// Why a collection could not be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not a database, or a damaged one.
    #[error("the collection is damaged: {0}")]
    Damaged(String),
    /// A database that Anki did not make.
    #[error("the collection is not one of Anki's: {0}")]
    Foreign(String),
    /// What newer packages show to an old Anki instead of the collection; the collection itself is missing.
    #[error("it holds only the note that asks for a newer Anki: export it again")]
    OnlyAPlaceholder,
    /// A schema that is not known.
    #[error("the collection has schema {0}, which is not known here")]
    UnknownSchema(i64),
    /// Definitions of note types, decks or options that cannot be read.
    #[error("{what} cannot be read: {why}")]
    Definitions {
        /// Of what.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// Too much of something.
    #[error("{what}: {found}, at most {max} are read")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much there is, as far as it was read.
        found: u64,
        /// How much may be.
        max: u64,
    },
    /// Reading took more steps than a collection of its size needs: it is made to keep the reader busy.
    #[error("reading the collection takes longer than one of its size can")]
    TooSlow,
    /// The caller asked to stop.
    #[error("reading was stopped")]
    Stopped,
}

impl ReadError {
    /// The code that names it in an API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "collection_damaged",
            Self::Foreign(_) => "collection_foreign",
            Self::OnlyAPlaceholder => "collection_is_a_placeholder",
            Self::UnknownSchema(_) => "collection_too_new",
            Self::Definitions { .. } => "collection_definitions",
            Self::TooMuch { .. } => "collection_too_large",
            Self::TooSlow => "collection_too_slow",
            Self::Stopped => "stopped",
        }
    }
}

/// Why reading stopped: because of the collection, or because of who was given its rows.
#[derive(Debug, thiserror::Error)]
pub enum EachError<E> {
    /// The collection.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The visitor.
    #[error("{0}")]
    Visitor(E),
}

/// Why a media file could not be copied. The others still can be.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The list names it, and the package does not hold it.
    #[error("the package does not hold the file")]
    Missing,
    /// It is longer than a file may be, or than the package may still give.
    #[error("the file is longer than {max} bytes")]
    TooLong {
        /// What it may have.
        max: u64,
    },
    /// All media together are longer than an archive of its length can hold: the package is made to fill disks.
    #[error(
        "its media are longer unpacked than those of a package of its size can be: more than {max} bytes"
    )]
    Inflated {
        /// What they may have.
        max: u64,
    },
    /// It is not as long as the list says.
    #[error("the file has {found} bytes, and the list says {stated}")]
    OtherLength {
        /// What it has.
        found: u64,
        /// What the list says.
        stated: u64,
    },
    /// It cannot be unpacked.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// Writing it failed.
    #[error("writing the file failed: {0}")]
    Write(io::Error),
}
