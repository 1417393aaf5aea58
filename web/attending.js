// A student's side of live lessons: the class documents, and what follows from them for the page. Pure: now comes in.
//
// A document is state: of two of one class the one with the higher version holds, whatever came in between.

export class Attending {
  constructor() {
    /** The newest document of each class. */
    this.documents = new Map();
    /** The class whose document came last. */
    this.newest = null;
    /** Votes that this page has given: a question and its closing time name a vote. */
    this.voted = new Set();
    /** The lesson that ended while this page was open, or null. */
    this.ended = null;
  }

  /** Takes a document as `welcome` or `class` brings it. False: it is older than what is known. */
  take(document) {
    const known = this.documents.get(document.class_id);
    if (known && document.version < known.version) return false;
    if (known && isOn(known) && (!isOn(document) || document.lesson !== known.lesson)) this.ended = known.lesson;
    if (isOn(document)) this.ended = null;
    // The same document with another time is a learner's extra time, and no second vote.
    if (known?.ask && document.ask && known.version === document.version && this.voted.has(nameOf(known.ask))) {
      this.voted.add(nameOf(document.ask));
    }
    this.documents.set(document.class_id, document);
    this.newest = document.class_id;
    return true;
  }

  /** The document of the lesson that is on: of several the one that changed last. Null: none is. */
  get document() {
    const newest = this.documents.get(this.newest);
    if (newest && isOn(newest)) return newest;
    return [...this.documents.values()].find(isOn) ?? null;
  }

  /** The card that is to be answered first, or null: none is asked, or the vote was given. */
  get asked() {
    const { document } = this;
    const ask = document?.state === "open" ? (document.ask ?? null) : null;
    return ask === null || this.voted.has(nameOf(ask)) ? null : ask.card_id;
  }

  /** The card was answered here. */
  answered(card_id) {
    const ask = this.document?.ask;
    if (ask?.card_id === card_id) this.voted.add(nameOf(ask));
  }

  /** The answer to this card was taken back: the vote is open again. */
  undone(card_id) {
    const ask = this.document?.ask;
    if (ask?.card_id === card_id) this.voted.delete(nameOf(ask));
  }

  dismissEnd() {
    this.ended = null;
  }

  /**
   * What the page shows. `now`: by the server's clock.
   * @returns {{state: "none"|"open"|"paused"|"over", message: string, assigned: string[],
   *   ask: null|{card_id: string, state: "open"|"answered"|"closed", left_ms: number}}}
   */
  shows(now) {
    const { document } = this;
    if (document === null) return { state: this.ended === null ? "none" : "over", message: "", assigned: [], ask: null };
    const state = document.state === "paused" ? "paused" : "open";
    return { state, message: document.message ?? "", assigned: document.assigned ?? [], ask: this.showsAsk(document.ask, now) };
  }

  showsAsk(ask, now) {
    if (!ask) return null;
    const left_ms = ask.closes_at - now;
    const state = left_ms <= 0 ? "closed" : this.voted.has(nameOf(ask)) ? "answered" : "open";
    return { card_id: ask.card_id, state, left_ms: Math.max(0, left_ms) };
  }
}

function isOn({ lesson, state }) {
  return lesson !== null && lesson !== undefined && state !== "closed";
}

/** A second vote has the question of the first and another closing time. */
const nameOf = ({ ask_id, closes_at }) => `${ask_id} ${closes_at}`;
