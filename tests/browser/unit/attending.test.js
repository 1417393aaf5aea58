import assert from "node:assert/strict";
import { test } from "node:test";
import { Attending } from "../../../web/attending.js";
import { Device, card } from "./device.js";

const ask = (more = {}) => ({ ask_id: "q", deck_id: "d", card_id: "c1", closes_at: 60_000, ...more });
const lesson = (version, more = {}) => ({ class_id: "k", version, lesson: "l", state: "open", assigned: [], hide_names: false, ...more });

test("of two documents the higher version holds, in whatever order they come", () => {
  const attending = new Attending();
  attending.take(lesson(7, { state: "paused" }));
  assert.equal(attending.take(lesson(6)), false);
  assert.equal(attending.shows(0).state, "paused");
  attending.take(lesson(8, { message: "Look at the board" }));
  assert.deepEqual([attending.shows(0).state, attending.shows(0).message], ["open", "Look at the board"]);
});

test("any one document may be lost: the next says all of it", () => {
  const attending = new Attending();
  attending.take(lesson(1));
  attending.take(lesson(4, { ask: ask(), message: "Now" }));
  assert.deepEqual(attending.shows(20_000).ask, { card_id: "c1", state: "open", left_ms: 40_000 });
});

test("a lesson that ends says so until it is read, and none was on says nothing", () => {
  const attending = new Attending();
  attending.take(lesson(1, { lesson: null, state: "closed" }));
  assert.equal(attending.shows(0).state, "none");
  attending.take(lesson(2));
  attending.take(lesson(3, { state: "closed" }));
  assert.equal(attending.shows(0).state, "over");
  attending.dismissEnd();
  assert.equal(attending.shows(0).state, "none");
});

test("of two classes the one with a lesson counts", () => {
  const attending = new Attending();
  attending.take(lesson(1));
  attending.take(lesson(9, { class_id: "other", lesson: null, state: "closed" }));
  assert.equal(attending.document.class_id, "k");
});

test("a vote is open, answered, closed; a second vote opens it again", () => {
  const attending = new Attending();
  attending.take(lesson(1, { ask: ask() }));
  assert.equal(attending.asked, "c1");
  attending.answered("another");
  assert.equal(attending.asked, "c1");
  attending.answered("c1");
  assert.equal(attending.asked, null);
  assert.equal(attending.shows(1_000).ask.state, "answered");
  attending.undone("c1");
  assert.equal(attending.shows(1_000).ask.state, "open");
  attending.answered("c1");
  assert.equal(attending.shows(60_001).ask.state, "closed");
  attending.take(lesson(2, { ask: ask({ closes_at: 120_000 }) }));
  assert.equal(attending.shows(70_000).ask.state, "open");
});

test("extra time that is given meanwhile moves the close and asks for no second vote", () => {
  const attending = new Attending();
  attending.take(lesson(1, { ask: ask() }));
  attending.answered("c1");
  attending.take(lesson(1, { ask: ask({ closes_at: 90_000 }) }));
  assert.deepEqual(attending.shows(60_000).ask, { card_id: "c1", state: "answered", left_ms: 30_000 });
});

test("while it is paused nothing is asked", () => {
  const attending = new Attending();
  attending.take(lesson(1, { state: "paused", ask: ask() }));
  assert.equal(attending.asked, null);
});

test("the card of a question goes before all others, whether it was held or comes now, and the one before it comes back", () => {
  const device = new Device({ window: 8 }).connect().study();
  device.frame({ type: "class", ...lesson(1, { ask: ask() }) });
  assert.deepEqual(device.held, ["c1", "c0", "c2"]);
  device.frame({ type: "class", ...lesson(2, { ask: ask({ ask_id: "q2", card_id: "c5" }) }) });
  device.frame(card(5));
  assert.deepEqual(device.held, ["c5", "c1", "c0", "c2"]);
  device.answer();
  assert.deepEqual(device.held, ["c1", "c0", "c2"]);
  assert.equal(device.session.attending.shows(0).ask.state, "answered");
  // It comes again as a drill: the vote was given, so it waits for its turn.
  device.frame(card(5, { kind: "drill" }));
  assert.deepEqual(device.held, ["c1", "c0", "c2", "c5"]);
});

test("an answer that is refused is no vote", () => {
  const device = new Device({ window: 8 }).connect().study();
  device.frame({ type: "class", ...lesson(1, { ask: ask() }) });
  device.answer();
  assert.equal(device.session.attending.asked, null);
  device.frame({ type: "error", seq: 1, id: "id-0001", code: "near", message: "Almost.", final: true });
  assert.equal(device.session.attending.asked, "c1");
});

test("a document of the welcome counts, and an older one after it does not", () => {
  const device = new Device();
  device.input("connect").input("opened", { generation: device.generation });
  device.frame({ type: "welcome", user_id: "u", server_time: 0, limits: {}, class: lesson(3, { state: "paused" }) });
  device.frame({ type: "class", ...lesson(2) });
  assert.equal(device.session.attending.shows(0).state, "paused");
});
