// The client's side of the study protocol as a machine: inputs come in, effects go out. No DOM, no socket, no storage,
// no clock and no randomness of its own, so that node can test it.
//
//   session.handle(now, input) -> effects      `now`: milliseconds of a steady clock
//
// Effects: open, hello, send, close (of the socket) · correct_clock, sync_clock ·
// go_toward (tells a balancer the learner's node) · load (read the outbox) · store (make
// an id and keep the command on the device, answered by the input `stored`) · settle, refuse, forget (a verdict came) ·
// diagnose · notice (say something to the learner).

import { Attending } from "./attending.js";
import { Commands } from "./commands.js";
import { onFrame } from "./frames.js";
import { Hand } from "./hand.js";
import { Link, readFrame } from "./link.js";
import { Trials, isChecked } from "./trials.js";

/** Cards held ahead: enough to go on through a tunnel, few enough to share with another device. */
export const WINDOW = 8;
/** So many answers and sets can be taken back. */
export const UNDO_DEPTH = 30;
export const MAX_ELAPSED_MS = 86_400_000;

export class Session {
  /** @param {{token: string, random: () => number, window?: number}} options */
  constructor({ token, random, window = WINDOW }) {
    this.token = token;
    this.window = window;
    this.link = new Link(random);
    this.commands = new Commands();
    this.hand = new Hand(window);
    this.user_id = null;
    this.features = [];
    this.attending = new Attending();
    this.token_expiring = false;
    /** Handed to the outbox, not yet confirmed by it. */
    this.storing = 0;
    /** Commands that became durable since this page was opened. */
    this.saved_count = 0;
    /**
     * @type {null | {sitting: string, request: object, started: boolean, awaits_queue: boolean, retry_at: number,
     *   refused: null | {sitting: string, code: string, message: string}}}
     */
    this.study = null;
    /** The study whose `start` is on its way on this socket. One at a time, so that a refusal is about this one. */
    this.asked = null;
    /** What can be taken back, newest last. */
    this.recent = [];
    /** Undos sent on a running sitting whose card has not come back yet: `{key, id}`, oldest first. */
    this.undoing = [];
    this.trials = new Trials();
    this.next_key = 1;
  }

  /** Commands that are not known to be durable. */
  get unsaved() {
    return this.storing + this.commands.size;
  }

  /** Those of them that were given after this undo. */
  unsavedAfter(undo) {
    return undo.id === null ? this.unsaved : this.storing + this.commands.countAfter(undo.id);
  }

  /** True when the card on screen can be answered or put away. */
  get canAct() {
    return this.study !== null && !this.study.awaits_queue && this.hand.onScreen !== null;
  }

  get canUndo() {
    return this.recent.length > 0;
  }

  handle(now, input) {
    const effects = [];
    INPUTS[input.type](this, input, now, effects);
    return effects;
  }

  /** Sends what may be sent: commands first, then the `start` that waits behind them. */
  pump(now, effects) {
    if (!this.link.isReady) return;
    if (this.link.goodbye) return this.leaveWhenQuiet(now, effects);
    for (let frame = this.commands.next(now); frame; frame = this.commands.next(now)) this.send(frame, now, effects);
    if (this.isStartDue(now) && this.commands.in_flight.size < this.commands.in_flight_limit) this.start(now, effects);
  }

  isStartDue(now) {
    const { study, asked } = this;
    return study !== null && !study.started && !study.refused && asked === null && now >= study.retry_at;
  }

  start(now, effects) {
    this.study.started = true;
    this.study.awaits_queue = true;
    this.study.retry_at = 0;
    this.asked = this.study;
    const { sitting, request } = this.study;
    this.send({ type: "start", sitting, window: this.window, ...request }, now, effects);
  }

  send(frame, now, effects) {
    this.link.sent_at = now;
    effects.push({ do: "send", frame });
  }

  /** After a goodbye the server still gives verdicts; once all are there, the page leaves by itself. */
  leaveWhenQuiet(now, effects) {
    if (this.commands.in_flight.size > 0) return;
    effects.push({ do: "close" });
    this.lost(now, 4400, effects);
  }

  /** The socket is gone or given up: what had no verdict waits for the next one. */
  lost(now, code, effects) {
    const wait_ms = this.link.goodbye?.reconnect_after_ms ?? null;
    const had_token = this.link.token === this.token;
    this.link.lost(now, code, wait_ms);
    if (code === 4401 && had_token) this.link.enter("stopped", now, { says: this.link.says, needs: "token" });
    this.commands.newSocket();
    this.undoing = [];
    this.asked = null;
    if (this.study) Object.assign(this.study, { started: false, awaits_queue: false, retry_at: 0, refused: null });
    if (this.link.isDiagnosisDue()) effects.push({ do: "diagnose" });
  }

  giveUp(now, code, effects) {
    effects.push({ do: "close" });
    this.lost(now, code, effects);
  }

  /** A fresh socket at once, by this page's own wish. */
  reopen(now, effects) {
    this.giveUp(now, 1000, effects);
    this.link.attempt = 0;
    this.open(now, effects);
  }

  open(now, effects) {
    this.link.opening(now);
    effects.push({ do: "open", generation: this.link.generation });
  }

  /** Keeps a command on the device; it is sent once the outbox has it. */
  store(command, about, effects, of_key = null) {
    const key = this.next_key++;
    this.storing += 1;
    effects.push({ do: "store", key, of_key, command, about });
    // A question to the class has its vote: the card that was before it comes back.
    if (command.type === "answer") this.attending.answered(command.card_id);
    this.preferAsked();
    return key;
  }

  /** Stops waiting for the cards of these undos; true when there was one. */
  forgetUndos(ids) {
    const before = this.undoing.length;
    this.undoing = this.undoing.filter(({ id }) => !ids.includes(id));
    return this.undoing.length < before;
  }

  /** A question to the class goes before what is held otherwise. */
  preferAsked() {
    this.hand.prefer(this.attending.asked);
  }

  remember(kind, key, card, left, before = null) {
    this.recent.push({ kind, key, id: null, card, left, before });
    if (this.recent.length > UNDO_DEPTH) this.recent.shift();
  }
}

const INPUTS = {
  /** Opens at once, whatever the back-off says: the network came back, or the learner asked. */
  connect(session, _input, now, effects) {
    const { link } = session;
    if (link.phase === "waiting" || link.phase === "stopped") session.open(now, effects);
  },

  opened(session, input, now, effects) {
    const { link } = session;
    if (input.generation !== link.generation || link.phase !== "connecting") return;
    link.enter("greeting", now);
    link.token = session.token;
    link.sent_at = now;
    effects.push({ do: "hello", token: session.token });
  },

  frame(session, input, now, effects) {
    if (input.generation !== session.link.generation || !session.link.isOpen) return;
    session.link.heard_at = now;
    const frame = readFrame(input.data);
    if (frame === null) return session.giveUp(now, 1002, effects);
    onFrame(session, frame, now, effects);
    session.pump(now, effects);
  },

  closed(session, input, now, effects) {
    const { link } = session;
    if (input.generation !== link.generation || link.phase === "waiting" || link.phase === "stopped") return;
    session.lost(now, input.code, effects);
  },

  /** The wall clock jumped: only a new welcome can correct it. */
  jumped(session, _input, now, effects) {
    if (!session.link.isOpen) return;
    session.reopen(now, effects);
  },

  tick(session, _input, now, effects) {
    const { link } = session;
    const code = link.failing(now);
    if (code !== null) return session.giveUp(now, code, effects);
    if (link.isOpenDue(now)) return session.open(now, effects);
    if (link.isBeatDue(now)) session.send({ type: "beat" }, now, effects);
    session.pump(now, effects);
  },

  /** The server said over HTTP that the token is no good. */
  unauthorized(session, _input, now) {
    if (session.link.phase !== "waiting") return;
    session.link.enter("stopped", now, { says: "The server does not accept this sign-in any more.", needs: "token" });
  },

  /** A new token of the same learner: renews in place, or opens again what ended for want of it. */
  renew(session, input, now, effects) {
    session.token = input.token;
    session.token_expiring = false;
    if (session.link.isReady) session.send({ type: "auth", token: input.token }, now, effects);
    else INPUTS.connect(session, input, now, effects);
  },

  /** The outbox was read after a welcome: its entries go first, then everything else. */
  loaded(session, input, now, effects) {
    const { link, commands } = session;
    if (input.generation !== link.generation || link.phase !== "loading") return;
    commands.replace(input.entries);
    for (const item of [...session.recent, session.trials.shown]) if (item) item.id = input.renamed?.get(item.id) ?? item.id;
    link.enter("ready", now);
    session.pump(now, effects);
  },

  /** The outbox has the command. `entry` is null when another tab is to send it. */
  stored(session, input, now, effects) {
    session.storing = Math.max(0, session.storing - 1);
    for (const item of [...session.recent, ...session.undoing]) {
      if (item.key === input.key) item.id = input.id;
    }
    session.trials.named(input.key, input.id);
    if (input.entry) session.commands.add(input.entry);
    session.pump(now, effects);
  },

  /** Entries of a closed tab, which this one sends from now on. */
  adopted(session, input, now, effects) {
    for (const entry of input.entries) session.commands.add(entry);
    session.pump(now, effects);
  },

  study(session, input, now, effects) {
    session.hand.reset();
    session.trials.next();
    const { sitting, request } = input;
    session.study = { sitting, request, started: false, awaits_queue: false, retry_at: 0, refused: null };
    // What a reload left: it can still be taken back, though its card has to come from the server.
    for (const { kind, id } of input.recent ?? []) session.recent.push({ kind, key: null, id, card: null, left: null, before: null });
    session.pump(now, effects);
  },

  /** Ends the sitting on this page: a fresh socket lets the cards go back to the queue. */
  leave(session, _input, now, effects) {
    const dealt = session.study?.started;
    session.study = null;
    session.trials.next();
    session.hand.reset();
    if (dealt && session.link.isOpen) session.reopen(now, effects);
  },

  flip(session) {
    if (!isChecked(session.hand.onScreen)) session.hand.flip();
  },

  /** What was typed or chosen, as text: the server checks it, and counts go on when it has. */
  respond(session, input, _now, effects) {
    const { hand, study, trials } = session;
    if (!session.canAct || trials.shown !== null || !isChecked(hand.onScreen)) return;
    const left = hand.left;
    const card = hand.putAway();
    const command = {
      type: "answer",
      deck_id: card.deck_id,
      card_id: card.card_id,
      response: input.response,
      elapsed_ms: Math.max(0, Math.min(MAX_ELAPSED_MS, Math.round(input.elapsed_ms))),
      sitting: study.sitting,
    };
    const first = trials.near.get(card.card_id)?.first;
    if (first !== undefined) command.first = first;
    const key = session.store(command, card.front, effects);
    session.remember("answer", key, card, left);
    trials.begin(key, card, input.response);
  },

  /** The learner has seen what became of it. */
  next(session) {
    session.trials.next();
  },


  answer(session, input, _now, effects) {
    const { hand, study } = session;
    if (!session.canAct || !hand.flipped) return;
    const left = hand.left;
    const card = hand.answer(input.grade);
    const command = {
      type: "answer",
      deck_id: card.deck_id,
      card_id: card.card_id,
      grade: input.grade,
      elapsed_ms: Math.max(0, Math.min(MAX_ELAPSED_MS, Math.round(input.elapsed_ms))),
      sitting: study.sitting,
    };
    const key = session.store(command, card.front, effects);
    session.remember("answer", key, card, left);
  },

  /** `change`: `{suspended}`, `{buried_until}` or `{flag}` of the card on screen; `before`: the card's flag until then, as `{flag}`. */
  set(session, input, _now, effects) {
    if (!session.canAct) return;
    const { hand } = session;
    const { onScreen: card, left } = hand;
    const command = { type: "set", deck_id: card.deck_id, card_id: card.card_id, ...input.change };
    const key = session.store(command, card.front, effects);
    if (!("flag" in input.change)) hand.putAway();
    session.remember("set", key, card, left, input.before ?? null);
  },

  /** Takes the newest answer or set back. Without a server the card is put back here at once. */
  undo(session, _input, _now, effects) {
    const item = session.recent.pop();
    if (!item) return;
    session.trials.next();
    const key = session.store({ type: "undo", of: item.id }, item.card?.front ?? "", effects, item.key);
    const heard = session.link.isReady && session.study?.started;
    if (heard) session.undoing.push({ key, id: null });
    else if (session.study && item.card) session.hand.putBack(item.card, item.left);
    if (item.kind === "answer" && item.card) session.attending.undone(item.card.card_id);
  },
};
