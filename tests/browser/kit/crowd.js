// Learners beside the browser: each a socket that studies as the protocol says, as fast as it is told to.

import { until } from "./chromium.js";
import { openSocket } from "./socket.js";

let counter = 0;

/** A UUIDv7 of now. */
export function freshId() {
  const time = Date.now().toString(16).padStart(12, "0");
  counter = (counter + 1) % 0xffff;
  const tail = crypto.randomUUID().slice(24);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${(counter >> 4).toString(16).padStart(3, "0")}-8${(counter & 15).toString(16)}00-${tail}`;
}

export class Learner {
  /** @param {{url: string, token: string, name: string}} who */
  constructor({ url, token, name }) {
    Object.assign(this, { url, token, name });
    this.seq = 0;
    this.saved = 0;
    this.held = [];
    this.documents = [];
    this.errors = [];
    this.welcome = null;
  }

  async begin() {
    this.socket = openSocket(`${this.url}/ws/v1/study`, {
      open: () => this.send({ type: "hello", token: this.token, instance: crypto.randomUUID(), client_time: Date.now() }),
      text: (text) => this.frame(JSON.parse(text)),
      closed: () => (this.is_closed = true),
    });
    await until(`${this.name} is welcome`, () => this.welcome !== null);
    this.sitting = freshId();
    this.send({ type: "start", sitting: this.sitting, window: 3 });
    await until(`${this.name} has a card`, () => this.held.length > 0);
  }

  frame(frame) {
    if (frame.type === "welcome") [this.welcome, this.documents] = [frame, frame.class ? [frame.class] : []];
    if (frame.type === "queue") this.held = [];
    if (frame.type === "card") this.held.push(frame);
    if (frame.type === "class") this.documents.push(frame);
    if (frame.type === "error") this.errors.push(frame);
    if (frame.type === "changed") {
      this.held = this.held.filter(({ card_id }) => !frame.drop.includes(card_id));
      if (frame.card) this.held = [frame.card, ...this.held.filter(({ card_id }) => card_id !== frame.card.card_id)];
    }
    this.saved = Math.max(this.saved, frame.type === "saved" ? frame.seq : (frame.saved ?? 0));
  }

  send(frame) {
    this.socket.send(frame);
  }

  /** Answers the first card that is held, or this one. */
  answer(grade, card_id = null) {
    const at = card_id === null ? 0 : this.held.findIndex((card) => card.card_id === card_id);
    const [card] = this.held.splice(at, 1);
    this.seq += 1;
    this.send({ type: "answer", seq: this.seq, id: freshId(), deck_id: card.deck_id, card_id: card.card_id, grade, elapsed_ms: 2_000, sitting: this.sitting });
  }

  /** Waits until all that was said is durable. */
  settled() {
    return until(`${this.name}'s answers are saved`, () => this.saved >= this.seq);
  }

  /** The newest class document. */
  get document() {
    return this.documents.reduce((newest, one) => (newest === null || one.version > newest.version ? one : newest), null);
  }

  end() {
    this.socket?.close();
  }
}
