// The last hour of a lesson, minute by minute, from the totals that this page saw. Pure: now comes in.

export const MINUTE_MS = 60_000;
export const MINUTES_SHOWN = 60;

export class LessonHistory {
  constructor() {
    this.lesson = null;
    this.last = null;
    /** Answers by minute since 1970: `{answered, correct}`. */
    this.minutes = new Map();
  }

  /** Takes totals as they are now. What came while nobody looked is spread evenly over the time in between. */
  take(now, lesson, { answered, correct }) {
    const minute = Math.floor(now / MINUTE_MS);
    if (lesson !== this.lesson) [this.lesson, this.last, this.minutes] = [lesson, null, new Map()];
    const before = this.last;
    // An answer that was taken back makes totals fall: counting goes on from there.
    if (before !== null && answered > before.answered) {
      const from = Math.max(Math.min(before.minute + (minute > before.minute ? 1 : 0), minute), minute - MINUTES_SHOWN + 1);
      const fresh = { answered: answered - before.answered, correct: Math.max(0, correct - before.correct) };
      for (let at = from, left = minute - from + 1; at <= minute; at++, left--) this.add(at, fresh, left);
    }
    this.last = { minute, answered, correct };
    for (const at of this.minutes.keys()) if (at <= minute - MINUTES_SHOWN) this.minutes.delete(at);
  }

  add(minute, fresh, left) {
    const bar = this.minutes.get(minute) ?? { answered: 0, correct: 0 };
    for (const figure of ["answered", "correct"]) {
      const share = Math.round(fresh[figure] / left);
      bar[figure] += share;
      fresh[figure] -= share;
    }
    this.minutes.set(minute, bar);
  }

  /** The last sixty minutes, the oldest first. */
  bars(now) {
    const minute = Math.floor(now / MINUTE_MS);
    return Array.from({ length: MINUTES_SHOWN }, (_, at) => this.minutes.get(minute - MINUTES_SHOWN + 1 + at) ?? { answered: 0, correct: 0 });
  }
}
