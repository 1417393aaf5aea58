//! Bugs that the reference fold can be given.

/// One rule broken on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planted {
    /// Entries are folded in the order in which they arrived.
    OrderOfArrival,
    /// What an answer counts as is decided when it arrives, and stored.
    KindFromArrival,
    /// An undo takes back only what stands before it in the order.
    UndoByPosition,
    /// An undo can be undone.
    UndoOfUndo,
    /// A card may schedule more than once a day.
    TwoADay,
    /// An entry that arrives twice counts twice.
    NoDedupe,
    /// Days fall when the learner travels or a clock goes back.
    DaysFall,
    /// Only answers raise the running maximum of days.
    SetsDoNotRaiseDays,
    /// Only scheduling answers raise the running maximum of days.
    ExtrasDoNotRaiseDays,
    /// Import rows count before their job is committed.
    UncommittedCounts,
    /// A revocation is ignored.
    RevokeIgnored,
    /// A revocation takes back the same review of other jobs too.
    RevokeDeletes,
    /// An imported answer counts beside the live one of the same card and millisecond.
    ImportBesideLive,
    /// The register that arrived last wins.
    RegistersByArrival,
    /// `early` is not heeded.
    EarlyIgnored,
    /// An answer to a card that is not due schedules.
    NotDueSchedules,
    /// Every answer's grade decides whether the drill goes on.
    DrillByAnyGrade,
    /// The interval grows by the ease factor before the answer.
    OldEase,
    /// A lapse lowers the ease factor.
    LapseLowersEase,
    /// A failed card that had not graduated counts as lapsed.
    LapseWithoutGraduation,
    /// The interval counts from the due day when the answer was early or late.
    IntervalFromDue,
    /// A reset card may not schedule again on its day.
    ResetKeepsTheDay,
    /// A reset forgets how often the card was answered.
    ResetClearsFigures,
    /// A reset lets days fall.
    ResetClearsMaximum,
    /// A due day leaves a new card new.
    DueLeavesNew,
    /// A given state acts before all answers.
    StateActsFirst,
}

impl Planted {
    /// Each of them.
    pub const ALL: [Planted; 26] = [
        Planted::OrderOfArrival,
        Planted::KindFromArrival,
        Planted::UndoByPosition,
        Planted::UndoOfUndo,
        Planted::TwoADay,
        Planted::NoDedupe,
        Planted::DaysFall,
        Planted::SetsDoNotRaiseDays,
        Planted::ExtrasDoNotRaiseDays,
        Planted::UncommittedCounts,
        Planted::RevokeIgnored,
        Planted::RevokeDeletes,
        Planted::ImportBesideLive,
        Planted::RegistersByArrival,
        Planted::EarlyIgnored,
        Planted::NotDueSchedules,
        Planted::DrillByAnyGrade,
        Planted::OldEase,
        Planted::LapseLowersEase,
        Planted::LapseWithoutGraduation,
        Planted::IntervalFromDue,
        Planted::ResetKeepsTheDay,
        Planted::ResetClearsFigures,
        Planted::ResetClearsMaximum,
        Planted::DueLeavesNew,
        Planted::StateActsFirst,
    ];
}
