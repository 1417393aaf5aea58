// A teacher's side of the monitor socket as a machine: inputs come in, effects go out. No page, no socket, no clock and no
// randomness of its own, so that node can test it. The connection lives as that of study does.
//
//   monitor.handle(now, input) -> effects      `now`: milliseconds of a steady clock
//
// Effects: open, hello, send, close (of the socket) · correct_clock · diagnose · settled (a command has its verdict).
// A command is kept in memory, under its id, until it has its verdict; on a new socket it goes again.

import { Commands } from "./commands.js";
import { onMonitorClose } from "./lesson-words.js";
import { Link, readFrame } from "./link.js";
import { Picture } from "./picture.js";

/** What became of so many commands is remembered. */
const OUTCOMES_KEPT = 500;

export class Monitor {
  /** @param {{token: string, random: () => number}} options */
  constructor({ token, random }) {
    this.token = token;
    this.link = new Link(random, onMonitorClose);
    this.commands = new Commands();
    this.picture = new Picture();
    /** By the id of a command: null while it is on its way, else `{refusal}`, which is null when it was carried out. */
    this.outcomes = new Map();
  }

  /** Commands without a verdict. */
  get pending() {
    return this.commands.size;
  }

  handle(now, input) {
    const effects = [];
    INPUTS[input.type](this, input, now, effects);
    return effects;
  }

  pump(now, effects) {
    if (!this.link.isReady) return;
    if (this.link.goodbye) return this.leaveWhenQuiet(now, effects);
    for (let frame = this.commands.next(now); frame; frame = this.commands.next(now)) this.send(frame, now, effects);
  }

  leaveWhenQuiet(now, effects) {
    if (this.commands.in_flight.size > 0) return;
    effects.push({ do: "close" });
    this.lost(now, 4400, effects);
  }

  send(frame, now, effects) {
    this.link.sent_at = now;
    effects.push({ do: "send", frame });
  }

  lost(now, code, effects) {
    const wait_ms = this.link.goodbye?.reconnect_after_ms ?? null;
    const had_token = this.link.token === this.token;
    this.link.lost(now, code, wait_ms);
    if (code === 4401 && had_token) this.link.enter("stopped", now, { says: this.link.says, needs: "token" });
    this.commands.newSocket();
    this.picture.lost();
    if (this.link.isDiagnosisDue()) effects.push({ do: "diagnose" });
  }

  giveUp(now, code, effects) {
    effects.push({ do: "close" });
    this.lost(now, code, effects);
  }

  open(now, effects) {
    this.link.opening(now);
    effects.push({ do: "open", generation: this.link.generation });
  }

  settled(id, type, refusal, effects) {
    this.outcomes.set(id, { refusal });
    for (const old of this.outcomes.keys()) {
      if (this.outcomes.size <= OUTCOMES_KEPT) break;
      if (this.outcomes.get(old) !== null) this.outcomes.delete(old);
    }
    effects.push({ do: "settled", id, type, refusal });
  }
}

const INPUTS = {
  connect(monitor, _input, now, effects) {
    const { phase } = monitor.link;
    if (phase === "waiting" || phase === "stopped") monitor.open(now, effects);
  },

  opened(monitor, input, now, effects) {
    const { link } = monitor;
    if (input.generation !== link.generation || link.phase !== "connecting") return;
    link.enter("greeting", now);
    link.token = monitor.token;
    link.sent_at = now;
    effects.push({ do: "hello", token: monitor.token });
  },

  frame(monitor, input, now, effects) {
    const { link } = monitor;
    if (input.generation !== link.generation || !link.isOpen) return;
    link.heard_at = now;
    const frame = readFrame(input.data);
    if (frame === null) return monitor.giveUp(now, 1002, effects);
    const handler = Object.hasOwn(FRAMES, frame.type) ? FRAMES[frame.type] : null;
    if (handler && (frame.type === "welcome") === (link.phase === "greeting")) handler(monitor, frame, now, effects);
    monitor.pump(now, effects);
  },

  closed(monitor, input, now, effects) {
    const { link } = monitor;
    if (input.generation !== link.generation || link.phase === "waiting" || link.phase === "stopped") return;
    monitor.lost(now, input.code, effects);
  },

  tick(monitor, _input, now, effects) {
    const { link } = monitor;
    const code = link.failing(now);
    if (code !== null) return monitor.giveUp(now, code, effects);
    if (link.isOpenDue(now)) return monitor.open(now, effects);
    if (link.isBeatDue(now)) monitor.send({ type: "beat" }, now, effects);
    monitor.pump(now, effects);
  },

  /** The server said over HTTP that the token is no good. */
  unauthorized(monitor, _input, now) {
    if (monitor.link.phase !== "waiting") return;
    monitor.link.enter("stopped", now, { says: "The server does not accept this sign-in any more.", needs: "token" });
  },

  renew(monitor, input, now, effects) {
    monitor.token = input.token;
    if (monitor.link.isReady) monitor.send({ type: "auth", token: input.token }, now, effects);
    else INPUTS.connect(monitor, input, now, effects);
  },

  /** A teacher's command, `{type, …}` without `seq`, under the id that it keeps. */
  command(monitor, { id, command }, now, effects) {
    monitor.outcomes.set(id, null);
    monitor.commands.add({ id, command });
    monitor.pump(now, effects);
  },
};

const FRAMES = {
  welcome(monitor, frame, now, effects) {
    const { link } = monitor;
    link.heartbeat_ms = frame.heartbeat_ms ?? link.heartbeat_ms;
    monitor.commands.newSocket(frame.limits?.in_flight);
    link.enter("ready", now);
    effects.push({ do: "correct_clock", server_time: frame.server_time });
  },

  snapshot(monitor, frame) {
    monitor.picture.snapshot(frame);
  },

  delta(monitor, frame, now, effects) {
    // Nothing is replayed: a new socket brings a new snapshot.
    if (monitor.picture.delta(frame) === "gap") monitor.giveUp(now, 1000, effects);
  },

  saved(monitor, frame, now, effects) {
    const types = new Map([...monitor.commands.waiting].map(([id, { entry }]) => [id, entry.command.type]));
    for (const id of monitor.commands.saved(frame.seq)) monitor.settled(id, types.get(id), null, effects);
  },

  error(monitor, frame, now, effects) {
    if (frame.seq === undefined) return;
    const entry = monitor.commands.refused(frame, now);
    if (entry === null || !frame.final) return;
    monitor.settled(frame.id, entry.command.type, { code: frame.code, message: frame.message ?? "" }, effects);
  },

  goodbye(monitor, frame) {
    monitor.link.goodbye = { reconnect_after_ms: Math.max(0, frame.reconnect_after_ms ?? 1_000) };
    monitor.link.says = "The server is restarting.";
  },
};
