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
    /// The memory is rounded to whole days.
    MemoryOnACoarseGrid,
    /// An answer on the memory's own day moves it as one of a later day does.
    SameDayAsAnyOther,
    /// Drills do not move the memory.
    DrillsAreForgotten,
    /// Answers beyond the schedule do not move the memory.
    ExtrasAreForgotten,
    /// Every answer beyond the schedule moves the memory, the second of a day too.
    EveryExtraIsRemembered,
    /// A reset card is still remembered.
    ResetKeepsMemory,
    /// A given state takes the place of what was folded from answers.
    GivenStatesOverwriteMemory,
    /// The interval is that of the memory before the answer.
    IntervalOfTheOldMemory,
    /// Every deck wants to remember nine of ten.
    RetentionIgnored,
    /// Hard, good and easy may lead to one day.
    GradesMayTie,
    /// Fuzz does not look at weekdays.
    EasyDaysIgnored,
    /// A regrade changes nothing.
    RegradeIgnored,
    /// Of several regrades the oldest is heard.
    OldestRegradeWins,
    /// Of several regrades the one that arrived last is heard.
    RegradeByArrival,
    /// A regrade is heard only where it stands after its answer in the order.
    RegradeByPosition,
    /// A regrade that names another card than its answer's is heard.
    RegradeOfAnotherCard,
    /// A regrade raises the running maximum of days, as what a learner does.
    RegradeRaisesDays,
    /// A regrade that was taken back is heard.
    RegradeCannotBeUndone,
    /// A regrade is heard before the job that brought it counts.
    RegradeOfAnOpenJob,
    /// What was copied from a guest does not count although it was claimed.
    ClaimIgnored,
    /// What a guest answered is taken for an import: a live answer of the same card and millisecond takes its place, and a
    /// copy of it counts beside it.
    ClaimAsImport,
    /// An answer after the class has talked schedules as any other.
    ToldSchedules,
    /// An answer after the class has talked moves the memory.
    ToldIsRemembered,
    /// Another answer on the day on which the class has talked schedules.
    ToldMayScheduleThatDay,
    /// Another answer on the day on which the class has talked moves the memory, as the first of a day.
    ToldIsForgottenAtOnce,
}

impl Planted {
    /// Each of them.
    pub const ALL: [Planted; 51] = [
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
        Planted::MemoryOnACoarseGrid,
        Planted::SameDayAsAnyOther,
        Planted::DrillsAreForgotten,
        Planted::ExtrasAreForgotten,
        Planted::EveryExtraIsRemembered,
        Planted::ResetKeepsMemory,
        Planted::GivenStatesOverwriteMemory,
        Planted::IntervalOfTheOldMemory,
        Planted::RetentionIgnored,
        Planted::GradesMayTie,
        Planted::EasyDaysIgnored,
        Planted::RegradeIgnored,
        Planted::OldestRegradeWins,
        Planted::RegradeByArrival,
        Planted::RegradeByPosition,
        Planted::RegradeOfAnotherCard,
        Planted::RegradeRaisesDays,
        Planted::RegradeCannotBeUndone,
        Planted::RegradeOfAnOpenJob,
        Planted::ClaimIgnored,
        Planted::ClaimAsImport,
        Planted::ToldSchedules,
        Planted::ToldIsRemembered,
        Planted::ToldMayScheduleThatDay,
        Planted::ToldIsForgottenAtOnce,
    ];
}
