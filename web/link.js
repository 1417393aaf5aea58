// The life of the connection: when to open, when to give up, when to come back, when to stop. Pure.
// Times are milliseconds of a steady clock.

import { backoffMs, onClose } from "./closecodes.js";

export const GREETING_LIMIT_MS = 15_000;
export const DEFAULT_HEARTBEAT_MS = 25_000;
/** A connection that stood this long makes the next wait short again. */
export const STABLE_AFTER_MS = 10_000;
/** So many attempts in a row without a welcome, and the shell asks over HTTP what is wrong. */
export const DIAGNOSE_EVERY = 3;

/**
 * Phases: `waiting` (until a time) -> `connecting` -> `greeting` (hello sent) -> `loading` (reading the outbox) ->
 * `ready`; `stopped` for good, until the learner does what `needs` says.
 */
export class Link {
  /** @param {typeof onClose} meaningOf what a close code means on this socket */
  constructor(random, meaningOf = onClose) {
    this.random = random;
    this.meaningOf = meaningOf;
    this.attempt = 0;
    this.generation = 0;
    this.enter("waiting", 0, { until: 0, says: "" });
  }

  enter(phase, now, more = {}) {
    this.phase = phase;
    this.since = now;
    this.until = more.until ?? null;
    this.says = more.says ?? "";
    this.needs = more.needs ?? null;
    if (phase !== "ready") this.goodbye = null;
  }

  get isReady() {
    return this.phase === "ready";
  }

  get isOpen() {
    return this.phase === "greeting" || this.phase === "loading" || this.phase === "ready";
  }

  opening(now) {
    this.generation += 1;
    this.attempt += 1;
    this.heartbeat_ms = DEFAULT_HEARTBEAT_MS;
    this.heard_at = now;
    this.sent_at = now;
    this.enter("connecting", now);
  }

  /** The wait before coming back after a close with `code`, or the stop that the code demands. */
  lost(now, code, wait_ms = null) {
    const meaning = this.meaningOf(code);
    if (this.phase === "ready" && now - this.since >= STABLE_AFTER_MS) this.attempt = 0;
    if (meaning.stops) return this.enter("stopped", now, meaning);
    const backoff = backoffMs(this.attempt, this.random());
    const floor = meaning.floor_ms * (1 + this.random() / 2);
    this.enter("waiting", now, { until: now + (wait_ms ?? Math.max(backoff, floor)), says: meaning.says });
  }

  /** Why the open connection has to be given up now, or null. */
  failing(now) {
    const greeting = this.phase === "connecting" || this.phase === "greeting" || this.phase === "loading";
    if (greeting && now - this.since > GREETING_LIMIT_MS) return 1006;
    if (this.phase === "ready" && now - this.heard_at > 2 * this.heartbeat_ms) return 4408;
    return null;
  }

  isBeatDue(now) {
    return this.phase === "ready" && now - this.sent_at >= this.heartbeat_ms;
  }

  isOpenDue(now) {
    return this.phase === "waiting" && now >= this.until;
  }

  isDiagnosisDue() {
    return this.phase === "waiting" && this.attempt > 0 && this.attempt % DIAGNOSE_EVERY === 0;
  }
}

/** A frame as it came, or null for what is none. */
export function readFrame(data) {
  try {
    const frame = JSON.parse(data);
    return frame !== null && typeof frame === "object" && typeof frame.type === "string" ? frame : null;
  } catch {
    return null;
  }
}
