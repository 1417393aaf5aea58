import assert from "node:assert/strict";
import { test } from "node:test";
import { SITTING, Device, card } from "./device.js";

/** Another sitting than the one of all tests. */
const OTHER = "01900000-0000-7000-8000-000000000002";

test("nothing is sent before the welcome, and the outbox goes before the start, oldest first", () => {
  const device = new Device();
  device.outbox = ["id-0001", "id-0002"].map((id) => ({ id, command: { type: "answer" } }));
  device.next_id = 3;
  device.input("study", { sitting: SITTING, request: {} });
  device.input("connect").input("opened", { generation: 1 });
  assert.deepEqual(device.sent, []);
  assert.equal(device.asked("hello").length, 1);
  device.frame({ type: "welcome", user_id: "u", server_time: 0, heartbeat_ms: 25_000, limits: {} });
  assert.deepEqual(device.sent, []);
  device.input("loaded", { generation: 1, entries: device.outbox, renamed: new Map() });
  assert.deepEqual(device.sent.map(({ type, seq, id }) => [type, seq, id]), [["answer", 1, "id-0001"], ["answer", 2, "id-0002"], ["start", undefined, undefined]]);
});

test("an answer shows the next card at once and is sent only when the outbox has it", () => {
  const device = new Device().connect().study();
  device.slow_store = true;
  device.answer();
  assert.deepEqual(device.held, ["c1", "c2"]);
  assert.deepEqual(device.types, ["start"]);
  assert.equal(device.session.unsaved, 1);
  device.stored(device.asked("store")[0]);
  assert.deepEqual(device.sent.at(-1), { type: "answer", seq: 1, id: "id-0001", deck_id: "d", card_id: "c0", grade: 4, elapsed_ms: 1235, sitting: SITTING });
  device.frame({ type: "saved", seq: 1 });
  assert.equal(device.session.unsaved, 0);
  assert.equal(device.session.saved_count, 1);
});

test("a card that is not turned cannot be graded", () => {
  const device = new Device().connect().study();
  device.input("answer", { grade: 4, elapsed_ms: 1 });
  assert.deepEqual(device.held, ["c0", "c1", "c2"]);
});

test("a saved covers all before it but what an error refused", () => {
  const device = new Device().connect().study();
  device.answer().answer().answer();
  device.frame({ type: "error", seq: 2, id: "id-0002", code: "unknown_card", message: "No such card.", final: true });
  device.frame({ type: "saved", seq: 3 });
  assert.deepEqual(device.asked("settle").flatMap(({ ids }) => ids), ["id-0001", "id-0003"]);
  assert.deepEqual(device.asked("refuse").map(({ id, code }) => [id, code]), [["id-0002", "unknown_card"]]);
  assert.equal(device.session.unsaved, 0);
});

test("a saved for what was never sent saves nothing", () => {
  const device = new Device().connect().study();
  device.slow_store = true;
  device.answer();
  device.frame({ type: "saved", seq: 99 });
  assert.equal(device.session.unsaved, 1);
  assert.deepEqual(device.asked("settle"), []);
});

test("a busy command goes again later as a new command with the same id", () => {
  const device = new Device().connect().study();
  device.answer();
  device.frame({ type: "error", seq: 1, id: "id-0001", code: "busy", final: false, retry_after_ms: 2_000 });
  device.frame({ type: "saved", seq: 1 });
  assert.equal(device.session.unsaved, 1);
  device.pass(1_000);
  assert.equal(device.sent.length, 2);
  device.pass(1_500);
  assert.deepEqual([device.sent.at(-1).seq, device.sent.at(-1).id], [2, "id-0001"]);
});

test("an undo stays back while the answer that it names is busy", () => {
  const device = new Device().connect().study();
  device.answer();
  device.frame({ type: "error", seq: 1, id: "id-0001", code: "busy", final: false, retry_after_ms: 2_000 });
  device.input("undo");
  assert.deepEqual(device.types, ["start", "answer"]);
  device.pass(2_001);
  assert.deepEqual(device.types, ["start", "answer", "answer", "undo"]);
  assert.equal(device.sent.at(-1).of, "id-0001");
});

test("no more than the allowed commands are in flight, and the start waits behind the outbox", () => {
  const device = new Device();
  device.outbox = Array.from({ length: 5 }, (_, at) => ({ id: `id-000${at}`, command: { type: "answer" } }));
  device.input("study", { sitting: SITTING, request: {} });
  device.connect({ in_flight: 2 });
  assert.deepEqual(device.types, ["answer", "answer"]);
  device.frame({ type: "saved", seq: 1 }).frame({ type: "saved", seq: 4 });
  assert.deepEqual(device.types, ["answer", "answer", "answer", "answer", "answer"], "two of them without a verdict");
  device.frame({ type: "saved", seq: 4 });
  assert.equal(device.types.at(-1), "start");
});

test("after a lost connection the same ids go again with numbers from one, and the sitting goes on", () => {
  const device = new Device().connect().study();
  device.answer(5).close(1006);
  device.answer(3);
  assert.equal(device.session.unsaved, 2);
  assert.deepEqual(device.held, ["c2"]);
  device.connect();
  assert.deepEqual(device.sent.map(({ type, seq, id, sitting }) => [type, seq ?? sitting, id]), [
    ["answer", 1, "id-0001"],
    ["answer", 2, "id-0002"],
    ["start", SITTING, undefined],
  ]);
});

test("at the queue all cards are forgotten; a turned card that comes again stays turned", () => {
  const device = new Device().connect().study();
  device.input("flip").close(1006).connect();
  assert.deepEqual(device.held, ["c0", "c1", "c2"]);
  device.frame({ type: "queue", new: 10, learning: 0, review: 0 });
  assert.deepEqual(device.held, []);
  device.frame(card(0));
  assert.equal(device.session.hand.flipped, true);
  device.frame({ type: "queue", new: 10, learning: 0, review: 0 }).frame(card(1));
  assert.equal(device.session.hand.flipped, false);
});

test("cards of the sitting before do not count between a start and its queue", () => {
  const device = new Device().connect().study();
  device.input("study", { sitting: SITTING, request: { decks: ["d"] } });
  device.frame(card(7));
  assert.deepEqual(device.held, []);
  device.frame({ type: "queue", new: 1, learning: 0, review: 0 }).frame(card(8));
  assert.deepEqual(device.held, ["c8"]);
});

test("a start that is refused is said, and not asked again and again", () => {
  const device = new Device().connect();
  device.input("study", { sitting: SITTING, request: { decks: ["x"] } });
  device.frame({ type: "error", code: "forbidden", message: "You may not see this deck." });
  device.pass(1_000).pass(1_000);
  assert.deepEqual(device.types, ["start"]);
  assert.deepEqual(device.session.study.refused, { sitting: SITTING, code: "forbidden", message: "You may not see this deck." });
});

test("a refused start is the fault of the sitting that asked, not of the one after it", () => {
  const device = new Device().connect();
  device.input("study", { sitting: SITTING, request: { decks: ["x"] } });
  device.input("study", { sitting: OTHER, request: {} });
  assert.deepEqual(device.sent.map(({ sitting }) => sitting), [SITTING]);
  device.frame({ type: "error", code: "forbidden", message: "You may not see this deck." });
  assert.deepEqual(device.sent.map(({ sitting }) => sitting), [SITTING, OTHER]);
  assert.equal(device.session.study.refused, null);
  device.frame({ type: "queue", new: 1, learning: 0, review: 0 }).frame(card(0));
  assert.deepEqual(device.held, ["c0"]);
});

test("the queue and the cards of a sitting that was given up before it began are not the next one's", () => {
  const device = new Device().connect();
  device.input("study", { sitting: SITTING, request: {} }).input("study", { sitting: OTHER, request: {} });
  device.frame({ type: "queue", new: 9, learning: 0, review: 0 }).frame(card(0));
  assert.deepEqual(device.held, []);
  device.frame({ type: "queue", new: 1, learning: 0, review: 0 }).frame(card(1));
  assert.deepEqual([device.held, device.session.hand.left.new], [["c1"], 1]);
});

test("a start that meets a busy server is asked for again when the server said", () => {
  const device = new Device().connect();
  device.input("study", { sitting: SITTING, request: {} });
  device.frame({ type: "error", code: "busy", message: "later", retry_after_ms: 2_000 });
  device.pass(1_500);
  assert.deepEqual(device.types, ["start"]);
  device.pass(1_000);
  assert.deepEqual(device.sent.map(({ sitting }) => sitting), [SITTING, SITTING]);
  device.frame({ type: "queue", new: 1, learning: 0, review: 0 }).frame(card(0));
  assert.deepEqual(device.held, ["c0"]);
});

test("an error that is about no start refuses none", () => {
  const device = new Device().connect();
  device.input("study", { sitting: SITTING, request: {} });
  device.frame({ type: "error", code: "unknown_type", message: "what is this?" });
  assert.equal(device.session.study.refused, null);
  assert.equal(device.asked("notice").at(-1).text, "what is this?");
  device.frame({ type: "queue", new: 1, learning: 0, review: 0 }).frame(card(0));
  assert.deepEqual(device.held, ["c0"]);
});

test("every id in drop is held no longer, and a changed card takes its place", () => {
  const device = new Device().connect().study();
  device.frame({ type: "changed", reason: "answered_elsewhere", drop: ["c0", "c2", "c9"] });
  assert.deepEqual(device.held, ["c1"]);
  assert.match(device.asked("notice").at(-1).text, /another device/);
  device.frame({ type: "changed", reason: "edited", card: card(1, { front: "new text" }), drop: [] });
  assert.equal(device.session.hand.onScreen.front, "new text");
  device.frame({ type: "changed", reason: "edited", card: card(5), drop: [] });
  assert.deepEqual(device.held, ["c1"]);
});

test("a set of one's own is not said to be another device's", () => {
  const device = new Device().connect().study();
  device.input("set", { change: { flag: 3 } });
  device.frame({ type: "changed", reason: "set", card: card(0), drop: [] });
  assert.deepEqual(device.asked("notice"), []);
  device.frame({ type: "saved", seq: 1 });
  device.frame({ type: "changed", reason: "set", card: card(0), drop: [] });
  assert.match(device.asked("notice").at(-1).text, /another device/);
});

test("an undone card goes before all others, not turned, and is held once", () => {
  const device = new Device().connect().study();
  device.answer();
  device.input("undo");
  device.frame({ type: "changed", reason: "undone", drop: ["c2"], card: card(0), left: { new: 10, learning: 0, review: 0 } });
  assert.deepEqual(device.held, ["c0", "c1"]);
  assert.equal(device.session.hand.left.new, 10, "the answer to an undo counts it in, saved or not");
  device.input("flip");
  device.frame({ type: "changed", reason: "undone", drop: [], card: card(1) });
  assert.deepEqual(device.held, ["c1", "c0"]);
  assert.equal(device.session.hand.flipped, false);
});

test("an answer that was given behind an undo is not taken out of the counts by the undo's answer", () => {
  const device = new Device().connect().study();
  device.answer();
  device.input("undo").answer();
  assert.equal(device.session.hand.left.new, 8);
  device.frame({ type: "changed", reason: "undone", drop: [], card: card(0), left: { new: 10, learning: 0, review: 0 } });
  assert.equal(device.session.hand.left.new, 8, "the second answer is not in that figure");
});

test("an undo whose card cannot be shown is said when it is saved", () => {
  const device = new Device().connect().study();
  device.answer();
  device.frame({ type: "saved", seq: 1 });
  device.input("undo");
  device.frame({ type: "saved", seq: 2 });
  assert.match(device.asked("notice").at(-1).text, /Taken back/);
});

test("without a server an undo puts the card back by itself, and both are sent later", () => {
  const device = new Device().connect().study();
  device.close(1006);
  device.answer(1);
  assert.deepEqual(device.session.hand.left, { new: 9, learning: 1, review: 0 });
  device.input("undo");
  assert.deepEqual(device.held, ["c0", "c1", "c2"]);
  assert.deepEqual(device.session.hand.left, { new: 10, learning: 0, review: 0 });
  device.connect();
  assert.deepEqual(device.types, ["answer", "undo", "start"]);
});

test("only thirty steps can be taken back", () => {
  const device = new Device().connect().study();
  for (let at = 3; at < 38; at++) device.answer().frame(card(at));
  device.frame({ type: "saved", seq: 35 });
  for (let n = 0; n < 40; n++) device.input("undo");
  assert.equal(device.types.filter((type) => type === "undo").length, 30);
});

test("suspending takes the card off the screen at once; a flag leaves it there", () => {
  const device = new Device().connect().study();
  device.input("set", { change: { flag: 3 } });
  assert.deepEqual(device.held, ["c0", "c1", "c2"]);
  device.input("set", { change: { suspended: true } });
  assert.deepEqual(device.held, ["c1", "c2"]);
  assert.deepEqual(device.sent.slice(1).map(({ type, flag, suspended }) => [type, flag ?? suspended]), [["set", 3], ["set", true]]);
});

test("counts go on by what the card says, and the server's figures win when nothing is in flight", () => {
  const device = new Device().connect().study();
  device.answer(4).answer(2);
  assert.deepEqual(device.session.hand.left, { new: 8, learning: 1, review: 0 });
  device.frame(card(4, { left: { new: 9, learning: 0, review: 0 } }));
  assert.deepEqual(device.session.hand.left, { new: 8, learning: 1, review: 0 }, "an older figure does not come back");
  device.frame({ type: "saved", seq: 2 }).frame(card(5, { left: { new: 7, learning: 1, review: 3 } }));
  assert.deepEqual(device.session.hand.left, { new: 7, learning: 1, review: 3 });
});

test("done counts only for this sitting, and a card after it goes on by itself", () => {
  const device = new Device().connect().study(1);
  device.answer();
  device.frame({ type: "saved", seq: 1 });
  device.frame({ type: "done", sitting: "other", answered: 9 });
  assert.equal(device.session.hand.done, null);
  device.frame({ type: "done", sitting: SITTING, answered: 1, cards: 1, correct: 1, elapsed_ms: 5, next_due_at: null });
  assert.equal(device.session.hand.done.answered, 1);
  device.frame(card(0, { kind: "drill" }));
  assert.equal(device.session.hand.done, null);
  assert.deepEqual(device.held, ["c0"]);
});

test("a new day drops all, asks for the time, and goes on with what comes", () => {
  const device = new Device().connect().study();
  device.frame({ type: "changed", reason: "new_day", drop: ["c0", "c1", "c2"] });
  device.frame({ type: "queue", new: 5, learning: 0, review: 2 }).frame(card(1));
  assert.equal(device.asked("sync_clock").length, 1);
  assert.deepEqual(device.held, ["c1"]);
});

test("leaving a sitting opens a fresh socket, so that the cards go back", () => {
  const device = new Device().connect().study();
  const before = device.generation;
  device.input("leave");
  assert.equal(device.generation, before + 1);
  assert.deepEqual(device.held, []);
  device.connect();
  assert.deepEqual(device.types, []);
});

test("unknown frames and fields are ignored", () => {
  const device = new Device().connect().study();
  device.frame({ type: "confetti", seq: 1 }).frame({ type: "constructor" }).frame({ type: "changed", reason: "sparkles", drop: [], glitter: 1 });
  assert.deepEqual(device.held, ["c0", "c1", "c2"]);
  assert.equal(device.session.link.phase, "ready");
});

test("the node that a welcome names is told to the balancer, and what is no name is not", () => {
  for (const [node, told] of [["a-1.x_y", true], ["", false], [undefined, false], ["a; path=/x", false], ["x".repeat(65), false]]) {
    const device = new Device();
    device.input("connect").input("opened", { generation: device.generation });
    device.frame({ type: "welcome", user_id: "u", server_time: 0, heartbeat_ms: 25_000, limits: {}, node });
    const hints = device.effects.filter((effect) => effect.do === "go_toward");
    assert.deepEqual(hints, told ? [{ do: "go_toward", node }] : []);
  }
});
