// What was typed or chosen last, and what became of it; and of which cards a first text was near. Pure.

export class Trials {
  constructor() {
    /** @type {null | {key: number, id: string|null, card: object, response: string, graded: object|null}} until the learner goes on */
    this.shown = null;
    /** @type {Map<string, {first: string, slip: string}>} by card: it is asked once more */
    this.near = new Map();
  }

  begin(key, card, response) {
    this.shown = { key, id: null, card, response, graded: null, face: card };
  }

  /** The command has its id, or another one than before. */
  named(key, id) {
    if (this.shown?.key === key) this.shown.id = id;
  }

  /** `graded`: the card that it is about if that is what is shown. Now the back may be shown, too. */
  graded(frame) {
    this.near.delete(frame.card_id);
    const { shown } = this;
    if (shown === null || shown.id !== frame.id || shown.graded !== null) return null;
    shown.graded = frame;
    shown.face = { ...shown.card, back: frame.back, explanation: frame.explanation ?? null };
    return shown.card;
  }

  /** A response was near: what was shown of it is over. */
  ask(id, { card_id, response }, slip) {
    this.near.set(card_id, { first: response, slip });
    if (this.shown?.id === id) this.shown = null;
  }

  /** The learner goes on, or takes it back. */
  next() {
    this.shown = null;
  }
}

/** Whether the server checks what is answered to this card. */
export function isChecked(card) {
  return card !== null && (card.mode === "type" || card.mode === "choose");
}

const RESULTS = { right: "Right", near: "Right, at the second go", wrong: "Not right" };

/** What became of a response, for the learner. */
export function sayResult({ result }) {
  return RESULTS[result] ?? result;
}

const SLIPS = {
  typing: "Almost: a letter or two are off.",
  case: "Almost: look at the capital letters.",
  accents: "Almost: look at the accents.",
};

/** In what a near response differs, for the learner. */
export function saySlip(slip) {
  return `${SLIPS[slip] ?? "Almost."} Try once more.`;
}
