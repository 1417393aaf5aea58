import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Picture } from "../../../web/picture.js";

const TOTALS = { students: 2, here: 2, answered: 0, correct: 0, sure_and_wrong: 0, elapsed_ms: 0, grades: [0, 0, 0, 0, 0, 0] };
const document = (more = {}) => ({ class_id: "k", version: 1, lesson: "l1", state: "open", assigned: [], hide_names: false, ...more });
const student = (student_id, answered = 0) => ({ student_id, name: student_id, presence: "here", answered, correct: 0, streak: 0, struggling: null });
const card = (card_id, wrong = 1) => ({ deck_id: "d", card_id, answers: 3, wrong });
const whole = (version, more = {}) => ({ type: "snapshot", version, class: document(), students: [student("a"), student("b")], cards: [], totals: TOTALS, unsaved: 0, ...more });
const step = (from, to, more = {}) => ({ type: "delta", from, to, totals: TOTALS, unsaved: 0, ...more });

const example = async (name) => JSON.parse(await readFile(new URL(`../../../protocol/examples/${name}`, import.meta.url), "utf8"));

test("the protocol's own example is shown as it stands", async () => {
  const picture = new Picture();
  const frame = await example("monitor.snapshot.json");
  assert.equal(picture.snapshot(frame), "whole");
  assert.deepEqual([...picture.students.values()], frame.students);
  assert.equal(picture.ask.rounds[0].bars[0].text, "Laibach");
  assert.equal(picture.unsaved, 1);
  const answers = () => [...picture.minutes.values()].map(({ answered }) => answered);
  assert.deepEqual(answers(), [7, 5]);
  const next = await example("monitor.delta.json");
  assert.equal(picture.delta(next), "whole");
  assert.equal(picture.version, next.to);
  assert.deepEqual(answers(), [7, 6], "a minute that changed takes its own place");
  assert.equal(picture.students.get(next.students[0].student_id).presence, "away");
});

test("minutes end after an hour, with their lesson, and with a snapshot that does not have them", () => {
  const picture = new Picture();
  const HOUR_MS = 3_600_000;
  const minute = (at) => ({ at, answered: 1, correct: 1 });
  picture.snapshot(whole(1, { minutes: [minute(60_000), minute(120_000)] }));
  picture.delta(step(1, 2, { minutes: [minute(HOUR_MS + 60_000)] }));
  assert.deepEqual([...picture.minutes.keys()], [120_000, HOUR_MS + 60_000]);
  picture.delta(step(2, 3, { class: document({ version: 2, lesson: "l2" }), minutes: [minute(180_000)] }));
  assert.deepEqual([...picture.minutes.keys()], [180_000]);
  picture.snapshot(whole(9, { class: document({ version: 3, lesson: "l2" }) }));
  assert.equal(picture.minutes.size, 0);
});

test("a part shows nothing until the last one of its step is there", () => {
  const picture = new Picture();
  assert.equal(picture.snapshot(whole(5, { more: true, students: [student("a")] })), "part");
  assert.equal(picture.isKnown, false);
  assert.equal(picture.snapshot(whole(5, { class: undefined, students: [student("b")] })), "whole");
  assert.deepEqual([...picture.students.keys()], ["a", "b"]);
  picture.takeChanged();
  assert.equal(picture.delta(step(5, 6, { more: true, students: [student("a", 1)], removed: ["b"] })), "part");
  assert.equal(picture.students.get("a").answered, 0);
  assert.ok(picture.students.has("b"));
  assert.equal(picture.delta(step(5, 6, { cards: [card("c")] })), "whole");
  assert.equal(picture.students.get("a").answered, 1);
  assert.deepEqual([...picture.takeChanged().students].sort(), ["a", "b"]);
});

test("only what changed is named, and only once", () => {
  const picture = new Picture();
  picture.snapshot(whole(1));
  assert.deepEqual([...picture.takeChanged().students], ["a", "b"]);
  picture.delta(step(1, 2, { students: [student("b", 1)] }));
  const changed = picture.takeChanged();
  assert.deepEqual([...changed.students], ["b"]);
  assert.equal(changed.has_document, false);
  assert.equal(picture.takeChanged().students.size, 0);
});

for (const [what, frames] of [
  ["a version is missing", [step(2, 3)]],
  ["a delta comes before a snapshot of this socket", ["lost", step(1, 2)]],
  ["another step comes before this one is complete", [step(1, 2, { more: true }), step(2, 3)]],
  ["a delta comes into the middle of a snapshot", [whole(2, { more: true }), step(1, 2)]],
]) {
  test(`it is a gap when ${what}, and what was shown stays`, () => {
    const picture = new Picture();
    picture.snapshot(whole(1, { students: [student("a", 7)] }));
    const last = frames.map((frame) => (frame === "lost" ? picture.lost() : picture[frame.type](frame))).at(-1);
    assert.equal(last, "gap");
    assert.equal(picture.students.get("a").answered, 7);
    assert.equal(picture.delta(step(1, 2)), "gap");
    assert.equal(picture.snapshot(whole(9)), "whole");
  });
}

test("a new snapshot takes away who is not in it any more", () => {
  const picture = new Picture();
  picture.snapshot(whole(1, { cards: [card("c")] }));
  picture.lost();
  picture.takeChanged();
  picture.snapshot(whole(8, { students: [student("b")] }));
  assert.deepEqual([...picture.students.keys()], ["b"]);
  assert.equal(picture.cards.size, 0);
  assert.ok(picture.takeChanged().students.has("a"));
});

test("an older document never replaces a newer one", () => {
  const picture = new Picture();
  picture.snapshot(whole(1, { class: document({ version: 7, state: "paused" }) }));
  picture.delta(step(1, 2, { class: document({ version: 6, state: "open" }) }));
  assert.equal(picture.document.state, "paused");
});

test("how a question came out stays after it was taken away, and goes with the next question and the next lesson", () => {
  const ask = { ask_id: "q1", deck_id: "d", card_id: "c", closes_at: 1 };
  const picture = new Picture();
  picture.snapshot(whole(1, { class: document({ ask }), ask: { ask_id: "q1", rounds: [{ votes: 1, correct: 1, bars: [] }] } }));
  picture.delta(step(1, 2, { class: document({ version: 2 }) }));
  assert.equal(picture.ask.rounds[0].votes, 1);
  assert.equal(picture.question.ask_id, "q1");
  picture.delta(step(2, 3, { class: document({ version: 3, ask: { ...ask, ask_id: "q2" } }) }));
  assert.equal(picture.ask, null);
  picture.delta(step(3, 4, { ask: { ask_id: "q2", rounds: [] }, cards: [card("c")] }));
  picture.delta(step(4, 5, { class: document({ version: 4, lesson: "l2" }), students: [student("a")] }));
  assert.deepEqual([picture.ask, picture.question, picture.cards.size], [null, null, 0]);
  assert.equal(picture.students.size, 2);
});
