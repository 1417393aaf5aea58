// A session with a pretended device and server around it: effects are carried out by hand, time is a number.

import { Session } from "../../../web/session.js";

export const SITTING = "01900000-0000-7000-8000-000000000001";

export class Device {
  constructor({ window = 3 } = {}) {
    this.now = 0;
    this.session = new Session({ token: "t1", random: () => 0.5, window });
    /** Frames sent on the present socket, and everything asked for besides. */
    this.sent = [];
    this.effects = [];
    this.outbox = [];
    this.next_id = 1;
  }

  input(type, more = {}) {
    for (const effect of this.session.handle(this.now, { type, ...more })) this.run(effect);
    return this;
  }

  run(effect) {
    this.effects.push(effect);
    if (effect.do === "open") [this.generation, this.sent] = [effect.generation, []];
    if (effect.do === "send") this.sent.push(effect.frame);
    if (effect.do === "settle") this.outbox = this.outbox.filter(({ id }) => !effect.ids.includes(id));
    if (effect.do === "refuse") this.outbox = this.outbox.filter(({ id }) => effect.id !== id);
    if (effect.do === "store" && !this.slow_store) this.stored(effect);
  }

  stored({ key, of_key, command }) {
    const of = command.type === "undo" ? { of: command.of ?? this.outbox.find((entry) => entry.key === of_key)?.id } : {};
    const entry = { id: `id-${String(this.next_id++).padStart(4, "0")}`, key, command: { ...command, ...of } };
    this.outbox.push(entry);
    this.input("stored", { key, id: entry.id, entry });
  }

  frame(frame) {
    return this.input("frame", { generation: this.generation, data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  /** Connects and is welcomed; the outbox is read as it is. */
  connect(limits = { in_flight: 64 }) {
    this.input("connect").input("opened", { generation: this.generation });
    this.frame({ type: "welcome", user_id: "u", server_time: 0, heartbeat_ms: 25_000, limits, features: [] });
    return this.input("loaded", { generation: this.generation, entries: this.outbox.slice(), renamed: new Map() });
  }

  study(count = 3, more = {}) {
    this.input("study", { sitting: SITTING, request: {} });
    this.frame({ type: "queue", new: 10, learning: 0, review: 0, decks: [] });
    for (let at = 0; at < count; at++) this.frame(card(at, more));
    return this;
  }

  answer(grade = 4) {
    return this.input("flip").input("answer", { grade, elapsed_ms: 1_234.5 });
  }

  close(code) {
    return this.input("closed", { generation: this.generation, code });
  }

  pass(ms) {
    this.now += ms;
    return this.input("tick");
  }

  asked(what) {
    return this.effects.filter((effect) => effect.do === what);
  }

  get types() {
    return this.sent.map(({ type }) => type);
  }

  get held() {
    return this.session.hand.cards.map(({ card_id }) => card_id);
  }
}

export function card(at, more = {}) {
  const if_graded = [0, 1, 2, 3, 4, 5].map((grade) => ({ days: 1, ...(grade < 4 ? { again_today: true } : {}) }));
  return { type: "card", card_id: `c${at}`, deck_id: "d", kind: "new", mode: "flip", front: `front ${at}`, back: "b", if_graded, ...more };
}
