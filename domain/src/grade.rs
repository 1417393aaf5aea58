//! The six grades of SM-2.

/// How well a card was remembered, 0 to 5.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Grade {
    /// 0: nothing came.
    Blackout = 0,
    /// 1: wrong, but remembered when shown.
    Wrong = 1,
    /// 2: wrong, but it seemed easy.
    WrongButEasy = 2,
    /// 3: right with serious difficulty.
    Hard = 3,
    /// 4: right after hesitation.
    Good = 4,
    /// 5: perfect.
    Perfect = 5,
}

impl Grade {
    /// All grades, worst first.
    pub const ALL: [Grade; 6] =
        [Grade::Blackout, Grade::Wrong, Grade::WrongButEasy, Grade::Hard, Grade::Good, Grade::Perfect];

    /// The grade with this number, if it is 0 to 5.
    pub fn new(n: u8) -> Option<Grade> {
        Grade::ALL.get(usize::from(n)).copied()
    }

    /// The number, 0 to 5.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether the answer counts as correct (3 and above).
    pub const fn is_correct(self) -> bool {
        self.number() >= 3
    }
}
