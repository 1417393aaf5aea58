// Commands without a verdict, and their numbering on one socket. Pure.
//
// A command is *waiting* until the server says that it is durable or refuses it for good. It is sent again on every
// new socket, oldest id first; its id alone makes that harmless.

/** @typedef {{id: string, command: object}} Entry an outbox entry; `command` has no `seq` */

export const DEFAULT_IN_FLIGHT = 64;
export const DEFAULT_RETRY_MS = 1_000;

export class Commands {
  constructor() {
    /** @type {Map<string, {entry: Entry, seq: number|null, retry_at: number}>} */
    this.waiting = new Map();
    this.order = [];
    this.newSocket();
  }

  /** Forgets the numbering: nothing about `seq` outlives a socket. */
  newSocket(in_flight_limit = DEFAULT_IN_FLIGHT) {
    this.seq = 0;
    this.saved_to = 0;
    this.in_flight_limit = Math.max(1, Math.min(DEFAULT_IN_FLIGHT, in_flight_limit));
    /** @type {Map<number, string>} seq -> id, in order of sending */
    this.in_flight = new Map();
    for (const item of this.waiting.values()) {
      item.seq = null;
      item.retry_at = 0;
    }
  }

  /** Takes the outbox as it is on the device; only between `welcome` and the first command. */
  replace(entries) {
    this.waiting.clear();
    this.order = [];
    for (const entry of entries) this.add(entry);
  }

  /** Adds an entry that is stored now. A known one changes nothing. */
  add(entry) {
    if (this.waiting.has(entry.id)) return;
    this.waiting.set(entry.id, { entry, seq: null, retry_at: 0 });
    const last = this.order.at(-1);
    this.order.push(entry.id);
    if (last !== undefined && last > entry.id) this.order.sort();
  }

  /** Forgets an entry that is no longer this tab's to send. */
  drop(id) {
    if (this.waiting.delete(id)) this.order.splice(this.order.indexOf(id), 1);
  }

  /**
   * The next frame to send, or null: oldest id first, within the limit in flight.
   * An undo stays back while the entry it names waits to be sent again.
   */
  next(now) {
    if (this.in_flight.size >= this.in_flight_limit) return null;
    for (const id of this.order) {
      const item = this.waiting.get(id);
      if (item.seq !== null || item.retry_at > now || this.isHeldBack(item.entry.command)) continue;
      item.seq = ++this.seq;
      this.in_flight.set(item.seq, id);
      const { type, ...fields } = item.entry.command;
      return { type, seq: item.seq, id, ...fields };
    }
    return null;
  }

  isHeldBack(command) {
    if (command.type !== "undo") return false;
    const target = this.waiting.get(command.of);
    return target !== undefined && target.seq === null;
  }

  /** The earliest moment at which a busy command may go again, or null. */
  nextRetryAt() {
    let at = null;
    for (const item of this.waiting.values()) {
      if (item.seq === null && item.retry_at > 0 && (at === null || item.retry_at < at)) at = item.retry_at;
    }
    return at;
  }

  /** `saved {seq}`: everything sent up to it that was not refused is durable. Returns those ids, oldest seq first. */
  saved(seq) {
    const ids = [];
    for (const [sent, id] of this.in_flight) {
      if (sent > seq) break;
      this.in_flight.delete(sent);
      this.drop(id);
      ids.push(id);
    }
    this.saved_to = Math.max(this.saved_to, Math.min(seq, this.seq));
    return ids;
  }

  /**
   * A verdict by `error`. Final: the entry leaves (the caller sets it aside). Else it goes again later.
   * @returns {Entry|null} the entry that it concerns, or null when no such command is in flight
   */
  refused(frame, now) {
    const id = this.in_flight.get(frame.seq);
    if (id === undefined || id !== frame.id) return null;
    this.in_flight.delete(frame.seq);
    const item = this.waiting.get(id);
    if (frame.final) {
      this.drop(id);
    } else {
      item.seq = null;
      item.retry_at = now + (frame.retry_after_ms ?? DEFAULT_RETRY_MS);
    }
    return item.entry;
  }

  /** Whether a `set` of this card has no verdict yet: what the server says of it then is this page's own doing. */
  sets(card_id) {
    return [...this.waiting.values()].some(({ entry: { command } }) => command.type === "set" && command.card_id === card_id);
  }

  get size() {
    return this.waiting.size;
  }

  /** How many of them come after this one. */
  countAfter(id) {
    return this.order.filter((other) => other > id).length;
  }
}
