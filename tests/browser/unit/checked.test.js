import assert from "node:assert/strict";
import { test } from "node:test";
import { SITTING, Device, card } from "./device.js";
import { sayResult, saySlip } from "../../../web/trials.js";

const studying = () => new Device().connect().study(3, { mode: "type", back: undefined });
const respond = (device, response) => device.input("respond", { response, elapsed_ms: 900.4 });

test("what is typed goes out as text, and what became of it stays until the learner goes on", () => {
  const device = studying();
  respond(device, "Ljubljana");
  const sent = { type: "answer", seq: 1, id: "id-0001", deck_id: "d", card_id: "c0", response: "Ljubljana", elapsed_ms: 900, sitting: SITTING };
  assert.deepEqual(device.sent.at(-1), sent);
  const { trials, hand } = device.session;
  assert.equal(trials.shown.graded, null);
  const before = hand.left.new;
  device.frame({ type: "graded", id: "id-0001", card_id: "c0", result: "right", grade: 4, back: "Ljubljana" });
  assert.equal(trials.shown.face.back, "Ljubljana");
  assert.equal(hand.left.new, before - 1);
  assert.equal(sayResult(trials.shown.graded), "Right");
  device.frame({ type: "graded", id: "id-0001", card_id: "c0", result: "right", grade: 4, back: "Ljubljana" });
  assert.equal(hand.left.new, before - 1, "told again it counts once");
  respond(device, "too early");
  assert.deepEqual(device.held, ["c1", "c2"], "one is answered at a time");
  device.input("next");
  assert.equal(trials.shown, null);
});

test("what is near comes back on screen, is no refusal to look at, and the second answer carries the first", () => {
  const device = studying();
  respond(device, "Ljublana");
  device.frame({ type: "error", seq: 1, id: "id-0001", code: "near", slip: "typing", message: "almost", final: true });
  assert.deepEqual(device.held, ["c0", "c1", "c2"]);
  assert.deepEqual([device.asked("refuse"), device.asked("forget").map(({ id }) => id)], [[], ["id-0001"]]);
  assert.equal(device.session.canUndo, false);
  const { near } = device.session.trials;
  assert.match(saySlip(near.get("c0").slip), /Almost.*once more/);
  respond(device, "Ljubljana");
  assert.deepEqual([device.sent.at(-1).first, device.sent.at(-1).response], ["Ljublana", "Ljubljana"]);
  device.frame({ type: "graded", id: "id-0002", card_id: "c0", result: "near", grade: 3, back: "Ljubljana" });
  assert.equal(near.size, 0);
});

test("a card that is checked is neither turned nor graded here, and one that is turned takes no text", () => {
  const device = studying();
  device.answer();
  assert.deepEqual(device.held, ["c0", "c1", "c2"]);
  const turned = new Device().connect().study();
  respond(turned, "text");
  assert.deepEqual(turned.held, ["c0", "c1", "c2"]);
});

test("an answer that came back after a reconnect is told to whoever still looks at it", () => {
  const device = studying();
  respond(device, "Ljubljana");
  device.close(1006).pass(60_000);
  device.connect();
  assert.equal(device.sent[0].response, "Ljubljana");
  device.frame({ type: "graded", id: "id-0001", card_id: "c0", result: "wrong", grade: 1, back: "Riga" });
  assert.equal(device.session.trials.shown.graded.result, "wrong");
  device.input("undo");
  assert.equal(device.session.trials.shown, null);
});

test("a choice is one of the texts that are shown", () => {
  const device = new Device().connect().study(1, { mode: "choose", choices: ["Split", "Zagreb"] });
  respond(device, "Zagreb");
  assert.equal(device.sent.at(-1).response, "Zagreb");
  assert.equal(card(0).card_id, device.sent.at(-1).card_id);
});
