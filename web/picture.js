// What a teacher sees of a live lesson: a picture that a snapshot begins and deltas keep up. Pure, and without a page.
//
// A frame with `more` is a part of a step: nothing of a step shows before all of it is there. A delta that does not
// follow what is shown is a gap, after which only a new snapshot counts.

const HOUR_MS = 3_600_000;

/** Names what changed since the page looked last. */
class Changed {
  constructor() {
    /** Ids of students and cards whose row is another one now, or gone. */
    this.students = new Set();
    this.cards = new Set();
    this.has_wrong = this.has_ask = this.has_document = this.has_totals = false;
  }
}

export class Picture {
  constructor() {
    /** The version shown, or null before the first snapshot and after a gap. */
    this.version = null;
    /** The class document, or null while none is known. */
    this.document = null;
    /** Rows by their ids. */
    this.students = new Map();
    this.cards = new Map();
    /** Answers by the minute that begins at `at`: `{at, answered, correct}`. */
    this.minutes = new Map();
    this.wrong = [];
    /** How the question comes out that is put, or was put last: `{ask_id, rounds}`. */
    this.ask = null;
    /** The question itself, as the document had it last: it is still known after it was taken away. */
    this.question = null;
    this.totals = null;
    this.unsaved = 0;
    this.step = null;
    this.changed = new Changed();
  }

  /** True once there is something to show; what is shown stays while the connection is away. */
  get isKnown() {
    return this.document !== null;
  }

  get isOn() {
    return this.document !== null && this.document.lesson !== null && this.document.state !== "closed";
  }

  /** The socket is gone: parts of a step go with it, and the next picture begins with a snapshot. */
  lost() {
    this.step = null;
    this.version = null;
  }

  /** What changed since this was asked last. */
  takeChanged() {
    const { changed } = this;
    this.changed = new Changed();
    return changed;
  }

  /** Takes a `snapshot`. @returns {"part"|"whole"} */
  snapshot(frame) {
    if (this.step === null || !this.step.is_snapshot || this.step.to !== frame.version) {
      this.step = newStep(true, null, frame.version);
    }
    return this.take(frame);
  }

  /** Takes a `delta`. @returns {"part"|"whole"|"gap"} `gap`: something is missing; it is not taken */
  delta(frame) {
    const { step } = this;
    const goes_on = step !== null && !step.is_snapshot && step.from === frame.from && step.to === frame.to;
    if (!goes_on) {
      if (step !== null || this.version === null || frame.from !== this.version) {
        this.lost();
        return "gap";
      }
      this.step = newStep(false, frame.from, frame.to);
    }
    return this.take(frame);
  }

  take(frame) {
    const { step } = this;
    for (const row of frame.students ?? []) step.students.set(row.student_id, row);
    for (const row of frame.cards ?? []) step.cards.set(row.card_id, row);
    for (const minute of frame.minutes ?? []) step.minutes.set(minute.at, minute);
    for (const student_id of frame.removed ?? []) step.removed.add(student_id);
    step.document = frame.class ?? step.document;
    step.wrong = frame.wrong ?? step.wrong;
    step.ask = frame.ask ?? step.ask;
    step.totals = frame.totals ?? step.totals;
    step.unsaved = frame.unsaved ?? step.unsaved;
    if (frame.more === true) return "part";
    this.step = null;
    this.apply(step);
    return "whole";
  }

  apply(step) {
    const { changed } = this;
    const another_lesson = step.document !== null && this.document !== null && step.document.lesson !== this.document.lesson;
    // Figures of a lesson end with it: those of the next one come whole.
    if (step.is_snapshot || another_lesson) this.forget(step);
    if (step.document !== null) this.putDocument(step.document);
    for (const student_id of step.removed) if (this.students.delete(student_id)) changed.students.add(student_id);
    for (const [student_id, row] of step.students) {
      this.students.set(student_id, row);
      changed.students.add(student_id);
    }
    for (const [card_id, row] of step.cards) {
      this.cards.set(card_id, row);
      changed.cards.add(card_id);
    }
    for (const [at, minute] of step.minutes) this.minutes.set(at, minute);
    const hour_ago = Math.max(...this.minutes.keys()) - HOUR_MS;
    for (const at of this.minutes.keys()) if (at <= hour_ago) this.minutes.delete(at);
    if (step.wrong !== null) [this.wrong, changed.has_wrong] = [step.wrong, true];
    if (step.ask !== null) [this.ask, changed.has_ask] = [step.ask, true];
    if (step.totals !== null) [this.totals, changed.has_totals] = [step.totals, true];
    this.unsaved = step.unsaved ?? this.unsaved;
    this.version = step.to;
  }

  /** Takes away what the step does not bring again. */
  forget(step) {
    const { changed } = this;
    if (step.is_snapshot) {
      for (const student_id of [...this.students.keys()]) {
        if (step.students.has(student_id)) continue;
        this.students.delete(student_id);
        changed.students.add(student_id);
      }
    }
    for (const card_id of [...this.cards.keys()]) {
      if (step.cards.has(card_id)) continue;
      this.cards.delete(card_id);
      changed.cards.add(card_id);
    }
    this.minutes.clear();
    [this.wrong, changed.has_wrong] = [[], true];
    const same_lesson = this.document !== null && (step.document ?? this.document).lesson === this.document.lesson;
    if (!same_lesson) [this.ask, this.question, changed.has_ask] = [null, null, true];
  }

  /** Of two documents of a class the one with the higher version holds. */
  putDocument(document) {
    if (this.document?.class_id === document.class_id && document.version < this.document.version) return;
    if (document.ask) {
      if (this.ask !== null && this.ask.ask_id !== document.ask.ask_id) this.ask = null;
      this.question = document.ask;
    }
    this.document = document;
    this.changed.has_document = this.changed.has_ask = true;
  }
}

function newStep(is_snapshot, from, to) {
  return { is_snapshot, from, to, students: new Map(), cards: new Map(), minutes: new Map(), removed: new Set(), document: null, wrong: null, ask: null, totals: null, unsaved: null };
}
