// One sitting of this tab: its id, what it asks for, and how it lives over a reload.

import { isUuid, nextId, randomBytes } from "./ids.js";

const KEY = "studyhall.sitting";

export class Sitting {
  /** Goes on with the sitting that a reload left here for the same deck, or begins one. `deck_id` null: all decks. */
  constructor(deck_id, clock, storage = sessionStorage) {
    this.storage = storage;
    this.deck_id = deck_id;
    const left = this.take();
    const same = left !== null && left.deck_id === deck_id && isUuid(left.id);
    this.id = same ? left.id : nextId(clock.now(), null, randomBytes(10));
    this.more = same ? (left.more ?? null) : null;
    /** How cards are asked: `flip`, `type`, `choose`; null as their decks say. */
    this.mode = same ? (left.mode ?? null) : null;
    this.answered = same ? (left.answered ?? 0) : 0;
    /** Ids that an undo may name after the reload. */
    this.recent = same ? (left.recent ?? []) : [];
  }

  /** The fields of `start` besides the sitting's id. */
  request() {
    const request = {};
    if (this.deck_id) request.decks = [this.deck_id];
    if (this.more) request.more = this.more;
    if (this.mode) request.mode = this.mode;
    return request;
  }

  /** Asks for more than today's limit allows, on top of what was asked for before. */
  addMore(more) {
    const before = this.more ?? {};
    this.more = { ...before };
    for (const [kind, count] of Object.entries(more)) this.more[kind] = (before[kind] ?? 0) + count;
  }

  /** Leaves the sitting for the page that a reload brings. While a page runs it is not there, so a copied tab has its own. */
  keep(recent) {
    const ids = recent.filter(({ id }) => id !== null).map(({ kind, id }) => ({ kind, id }));
    const { id, deck_id, more, mode, answered } = this;
    this.storage.setItem(KEY, JSON.stringify({ id, deck_id, more, mode, answered, recent: ids }));
  }

  forget() {
    this.storage.removeItem(KEY);
  }

  take() {
    const kept = this.storage.getItem(KEY);
    this.forget();
    try {
      return kept === null ? null : JSON.parse(kept);
    } catch {
      return null;
    }
  }
}
