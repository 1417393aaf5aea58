import assert from "node:assert/strict";
import { test } from "node:test";
import { GRADES } from "../../../web/format.js";
import { MINUTE_MS, MINUTES_SHOWN, lastHour } from "../../../web/lesson-history.js";
import { barText, clockText, needText, onMonitorClose, refusalText, wrongText } from "../../../web/lesson-words.js";
import { accuracy, hardest, ordered, talkTo } from "../../../web/standing.js";

const card = (card_id, wrong, answers) => ({ deck_id: "d", card_id, wrong, answers });
const student = (student_id, name, more = {}) => ({ student_id, name, answered: 0, correct: 0, struggling: null, ...more });
const IN_NEED = { reason: "wrong_in_a_row", wrong: 3 };

test("one wrong answer of one is no hard card, and thirty of forty are harder than three of four", () => {
  const cards = [card("a", 1, 1), card("b", 3, 4), card("c", 30, 40), card("d", 0, 50)];
  assert.deepEqual(hardest(cards, 10).map(({ card_id }) => card_id), ["c", "b"]);
  assert.equal(hardest(cards, 1).length, 1);
});

test("nobody changes place because of an answer, only because help is needed and that is asked for", () => {
  const students = [student("3", "Zoë"), student("1", "Émile", { struggling: IN_NEED }), student("2", "Ada"), student("0", "Zoë")];
  const ids = (by_need) => ordered(students, by_need).map(({ student_id }) => student_id);
  assert.deepEqual(ids(false), ["2", "1", "0", "3"]);
  assert.deepEqual(ids(true), ["1", "2", "0", "3"]);
});

test("without names the order is that of the ids", () => {
  assert.deepEqual(ordered([student("b"), student("a")], false).map(({ student_id }) => student_id), ["a", "b"]);
});

test("whom to talk to is who struggles, the most wrong answers first", () => {
  const students = [student("a", "A", { answered: 9, correct: 6, struggling: IN_NEED }), student("b", "B", { answered: 9, correct: 0 }), student("c", "C", { answered: 9, correct: 2, struggling: IN_NEED })];
  assert.deepEqual(talkTo(students).map(({ student_id }) => student_id), ["c", "a"]);
  assert.equal(accuracy(students[0]), 67);
  assert.equal(accuracy({ answered: 0, correct: 0 }), null);
});

test("why somebody needs help is said in words", () => {
  assert.equal(needText(null), "");
  assert.equal(needText(IN_NEED), "3 wrong in a row");
  assert.equal(needText({ reason: "mostly_wrong", wrong: 5, of: 8 }), "5 of the last 8 wrong");
  assert.equal(needText({ reason: "sure_and_wrong", wrong: 4 }), "sure and wrong 4 times");
  assert.equal(needText({ reason: "one of a newer server", wrong: 1 }), "may need help");
});

test("bars, clocks, wrong answers and refusals read like speech", () => {
  assert.equal(barText({ grade: 4, times: 1 }, GRADES), "4 Good");
  assert.equal(barText({ text: "Laibach", times: 2 }, GRADES), "Laibach");
  assert.equal(clockText(65_001), "1:06");
  assert.equal(clockText(-5), "0:00");
  assert.equal(wrongText({ text: "colour", times: 11, students: 9 }), "11 × colour, by 9 students");
  assert.match(refusalText("ask", { code: "unknown_ask", message: "The first vote is still open." }), /^The question was refused: The first/);
});

test("close codes stop where those of study stop", () => {
  for (let code = 4000; code < 5000; code++) assert.equal(onMonitorClose(code).stops, code >= 4500, String(code));
});

test("the last hour has sixty minutes, and only those", () => {
  const start = 1_000 * MINUTE_MS;
  const minute = (n, answered, correct) => [start + n * MINUTE_MS, { at: start + n * MINUTE_MS, answered, correct }];
  const minutes = new Map([minute(0, 4, 3), minute(1, 2, 0), minute(60, 1, 1)]);
  const hour = lastHour(minutes, start + 60 * MINUTE_MS + 59_999).map(({ answered, correct }) => [answered, correct]);
  assert.equal(hour.length, MINUTES_SHOWN);
  assert.deepEqual([hour[0], hour[1], hour.at(-1)], [[2, 0], [0, 0], [1, 1]]);
  assert.equal(hour.flat().reduce((sum, n) => sum + n, 0), 4);
});
