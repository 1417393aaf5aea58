// The cards this page holds: the first is on screen, the others wait behind it. Counts, the end of a sitting. Pure.

/** Grades from here on are correct. */
export const CORRECT_FROM = 3;

const NO_COUNTS = { new: 0, learning: 0, review: 0 };

export class Hand {
  constructor(window) {
    this.window = window;
    /** The card that goes before all others once it is held, or null. */
    this.preferred = null;
    /** Which card's face the learner sees, and whether it is turned; outlives a reconnect. */
    this.face = null;
    this.clear();
    /** Counts that are still allowed today, or null while unknown. */
    this.left = null;
    this.decks = [];
  }

  /** Forgets all cards; whose face is turned stays known until another card comes. */
  clear() {
    this.cards = [];
    this.done = null;
  }

  /** Back to nothing, as before a sitting. */
  reset() {
    this.clear();
    this.face = null;
    this.left = null;
    this.decks = [];
  }

  get onScreen() {
    return this.cards[0] ?? null;
  }

  get flipped() {
    return this.face !== null && this.face.flipped;
  }

  /** `queue`: the cards held so far are forgotten, those after it are new. */
  queue(frame) {
    this.clear();
    this.left = countsOf(frame);
    this.decks = frame.decks ?? [];
  }

  /** `card`: one more behind the others. `unsettled`: answers of this socket that may not be counted in `left` yet. */
  deal(card, unsettled) {
    this.done = null;
    const known = this.cards.findIndex((held) => held.card_id === card.card_id);
    if (known >= 0) this.cards[known] = card;
    else this.cards.push(card);
    if (card.left && (unsettled === 0 || this.cards.length >= this.window)) this.left = countsOf(card.left);
    this.turn();
  }

  /**
   * `changed`: drops, then the card at its place (an undone one before all others), then counts.
   * @returns {boolean} true when the card that was on screen has gone or changed
   */
  change(frame, unsettled) {
    const before = this.onScreen;
    const dropped = new Set(frame.drop ?? []);
    if (dropped.size > 0) this.cards = this.cards.filter((card) => !dropped.has(card.card_id));
    if (frame.card) this.place(frame.card, frame.reason);
    if (frame.left && unsettled === 0) this.left = countsOf(frame.left);
    this.turn();
    return before !== null && before !== this.onScreen;
  }

  place(card, reason) {
    const at = this.cards.findIndex((held) => held.card_id === card.card_id);
    if (reason === "undone") {
      if (at >= 0) this.cards.splice(at, 1);
      this.cards.unshift(card);
      this.done = null;
      this.face = null;
    } else if (at >= 0) {
      this.cards[at] = card;
    }
  }

  /** `done`: nothing is held and nothing can be handed out. */
  finish(frame) {
    this.done = frame;
    this.face = null;
  }

  flip() {
    if (this.onScreen) this.face = { card_id: this.onScreen.card_id, flipped: true };
  }

  /** Takes the card on screen away as answered with `grade`; the next one is there at once. */
  answer(grade) {
    const card = this.cards.shift() ?? null;
    if (card === null) return null;
    this.count(card, grade);
    this.face = null;
    this.turn();
    return card;
  }

  /** Takes the card on screen away without an answer (suspended, buried). */
  putAway() {
    const card = this.cards.shift() ?? null;
    this.face = null;
    this.turn();
    return card;
  }

  /** Puts a card on screen again, as an undo does before the server has heard of it. */
  putBack(card, left) {
    this.place(card, "undone");
    if (left) this.left = left;
    this.turn();
  }

  /** Counts on by what the card itself says of the grade, until the server's own figures come. */
  count(card, grade) {
    const left = { ...(this.left ?? NO_COUNTS) };
    const again = card.if_graded?.[grade]?.again_today === true;
    if (card.kind === "new" || card.kind === "review") left[card.kind] = Math.max(0, left[card.kind] - 1);
    if (card.kind === "drill") left.learning = Math.max(0, left.learning - 1);
    if (again && card.kind !== "extra") left.learning += 1;
    this.left = left;
  }

  /** Has a card go before all others as soon as it is held; null: the order is that of coming. */
  prefer(card_id) {
    this.preferred = card_id;
    this.turn();
  }

  turn() {
    const at = this.cards.findIndex(({ card_id }) => card_id === this.preferred);
    if (at > 0) this.cards.unshift(...this.cards.splice(at, 1));
    const card = this.onScreen;
    if (card && this.face?.card_id !== card.card_id) this.face = { card_id: card.card_id, flipped: false };
  }
}

function countsOf(from) {
  return { new: from.new ?? 0, learning: from.learning ?? 0, review: from.review ?? 0 };
}
