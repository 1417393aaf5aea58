import assert from "node:assert/strict";
import { test } from "node:test";
import { Monitor } from "../../../web/monitor.js";
import { GREETING_LIMIT_MS } from "../../../web/link.js";

const TOTALS = { students: 0, here: 0, answered: 0, correct: 0, sure_and_wrong: 0, elapsed_ms: 0, grades: [0, 0, 0, 0, 0, 0] };
const DOCUMENT = { class_id: "k", version: 1, lesson: "l", state: "open", assigned: [], hide_names: false };

/** A monitor with a pretended server around it: time is a number. */
class Screen {
  constructor() {
    this.now = 0;
    this.monitor = new Monitor({ token: "t1", random: () => 0.5 });
    this.sent = [];
    this.effects = [];
  }

  input(type, more = {}) {
    for (const effect of this.monitor.handle(this.now, { type, ...more })) {
      this.effects.push(effect);
      if (effect.do === "open") [this.generation, this.sent] = [effect.generation, []];
      if (effect.do === "send") this.sent.push(effect.frame);
    }
    return this;
  }

  frame(frame) {
    return this.input("frame", { generation: this.generation, data: JSON.stringify(frame) });
  }

  connect() {
    this.input("connect").input("opened", { generation: this.generation });
    return this.frame({ type: "welcome", user_id: "u", server_time: 0, heartbeat_ms: 25_000, limits: { in_flight: 64 }, features: ["live_class"] });
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
}

const snapshot = (version) => ({ type: "snapshot", version, class: DOCUMENT, totals: TOTALS, unsaved: 0 });

test("nothing but hello is sent before the welcome", () => {
  const screen = new Screen().input("command", { id: "1", command: { type: "pause" } }).input("connect").input("opened", { generation: 1 });
  assert.deepEqual(screen.sent, []);
  screen.frame({ type: "welcome", server_time: 0, limits: {} });
  assert.deepEqual(screen.sent, [{ type: "pause", seq: 1, id: "1" }]);
});

test("a command goes again on the next socket under the same id until it has its verdict", () => {
  const screen = new Screen().connect();
  screen.input("command", { id: "1", command: { type: "pause" } }).input("command", { id: "2", command: { type: "message", message: "hello" } });
  screen.frame({ type: "saved", seq: 1 });
  assert.deepEqual(screen.asked("settled").map(({ id, type, refusal }) => [id, type, refusal]), [["1", "pause", null]]);
  screen.close(1006).connect();
  assert.deepEqual(screen.sent, [{ type: "message", seq: 1, id: "2", message: "hello" }]);
  screen.frame({ type: "saved", seq: 1 });
  assert.deepEqual(screen.monitor.outcomes.get("2"), { refusal: null });
  screen.close(1006).connect();
  assert.deepEqual(screen.sent, []);
});

test("a refused command is named with its reason, and a busy one goes again by itself", () => {
  const screen = new Screen().connect();
  screen.input("command", { id: "1", command: { type: "open", lesson: "l" } });
  screen.frame({ type: "error", seq: 1, id: "1", code: "busy", message: "The last one is not reported yet.", final: false, retry_after_ms: 400 });
  screen.frame({ type: "saved", seq: 1 });
  assert.deepEqual(screen.asked("settled"), []);
  screen.pass(500);
  assert.deepEqual(screen.sent.at(-1), { type: "open", seq: 2, id: "1", lesson: "l" });
  screen.frame({ type: "error", seq: 2, id: "1", code: "malformed", message: "No.", final: true }).frame({ type: "saved", seq: 2 });
  assert.deepEqual(screen.asked("settled").map(({ type, refusal }) => [type, refusal.code]), [["open", "malformed"]]);
  assert.equal(screen.monitor.pending, 0);
});

test("a gap in the versions brings a new socket and a new snapshot", () => {
  const screen = new Screen().connect().frame(snapshot(3));
  screen.frame({ type: "delta", from: 4, to: 5, totals: TOTALS, unsaved: 0 });
  assert.equal(screen.asked("close").length, 1);
  assert.equal(screen.monitor.link.phase, "waiting");
  screen.pass(2_000);
  assert.equal(screen.monitor.link.phase, "connecting");
  screen.input("opened", { generation: screen.generation }).frame({ type: "welcome", server_time: 0, limits: {} }).frame(snapshot(5));
  assert.equal(screen.monitor.picture.version, 5);
});

test("what was shown stays while the connection is away", () => {
  const screen = new Screen().connect().frame(snapshot(3)).close(1006);
  assert.ok(screen.monitor.picture.isKnown);
  assert.equal(screen.monitor.picture.version, null);
});

test("a socket that is silent is given up after two heartbeats, one that is never welcomed sooner", () => {
  const screen = new Screen().connect();
  screen.pass(25_000);
  assert.deepEqual(screen.sent.at(-1), { type: "beat" });
  screen.pass(25_001);
  assert.equal(screen.monitor.link.phase, "waiting");
  const other = new Screen().input("connect").input("opened", { generation: 1 });
  other.pass(GREETING_LIMIT_MS + 1);
  assert.equal(other.monitor.link.phase, "waiting");
});

test("who may not watch is told so and not sent round and round", () => {
  const screen = new Screen().connect().close(4503);
  assert.equal(screen.monitor.link.phase, "stopped");
  assert.match(screen.monitor.link.says, /may not watch this class/);
});

test("an expired token waits for a new one", () => {
  const screen = new Screen().connect().close(4401);
  assert.equal(screen.monitor.link.needs, "token");
  screen.input("renew", { token: "t2" }).input("opened", { generation: screen.generation });
  assert.equal(screen.asked("hello").at(-1).token, "t2");
});

test("a goodbye lets the last verdict come, and the server's wait is kept", () => {
  const screen = new Screen().connect();
  screen.input("command", { id: "1", command: { type: "pause" } });
  screen.frame({ type: "goodbye", reason: "draining", reconnect_after_ms: 2_000 });
  assert.ok(screen.monitor.link.isReady);
  screen.frame({ type: "saved", seq: 1 });
  assert.equal(screen.monitor.link.phase, "waiting");
  screen.pass(1_900);
  assert.equal(screen.monitor.link.phase, "waiting");
  screen.pass(200);
  assert.equal(screen.monitor.link.phase, "connecting");
});
