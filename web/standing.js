// What a teacher wants to know of a class at a glance, from rows of its picture. Pure; the rules are the server's
// (docs/LESSONS.md), so that the page and the report of a lesson name the same cards and people.

/** Answers that a card must have to be called hard. */
export const ANSWERS_TO_BE_HARD = 3;
const Z = 1.959963985;

/** The lower bound of Wilson's interval (95 %) for a share. */
export function wilson(of, all) {
  const n = Math.max(1, all);
  const p = of / n;
  const middle = p + (Z * Z) / (2 * n);
  const reach = Math.min(middle, Z * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n)));
  return (middle - reach) / (1 + (Z * Z) / n);
}

/** The hardest cards, the hardest first: one wrong answer of one is not harder than thirty of forty. */
export function hardest(cards, count) {
  const hard = [...cards].filter(({ wrong, answers }) => wrong > 0 && answers >= ANSWERS_TO_BE_HARD);
  const keyed = hard.map((card) => ({ card, bound: wilson(card.wrong, card.answers) }));
  keyed.sort((a, b) => b.bound - a.bound || b.card.wrong - a.card.wrong || compareIds(idOf(a.card), idOf(b.card)));
  return keyed.slice(0, count).map(({ card }) => card);
}

/** Whom to talk to: who struggles, the one with the most wrong answers first. */
export function talkTo(students) {
  const wrong = ({ answered, correct }) => answered - correct;
  return [...students].filter(({ struggling }) => struggling).sort((a, b) => wrong(b) - wrong(a) || compareIds(a.student_id, b.student_id));
}

/**
 * An order of students in which nobody moves because of an answer. `by_need`: those who struggle stand before the others.
 * Without names they are in the order of their ids, which tells nothing.
 */
export function ordered(students, by_need, collator = new Intl.Collator()) {
  const need = ({ struggling }) => (by_need && struggling ? 0 : 1);
  const name = (a, b) => (a.name !== undefined && b.name !== undefined ? collator.compare(a.name, b.name) : 0);
  return [...students].sort((a, b) => need(a) - need(b) || name(a, b) || compareIds(a.student_id, b.student_id));
}

/** The share of correct answers in per cent, or null without answers. */
export function accuracy({ answered, correct }) {
  return answered > 0 ? Math.round((100 * correct) / answered) : null;
}

const idOf = ({ deck_id, card_id }) => deck_id + card_id;
const compareIds = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
