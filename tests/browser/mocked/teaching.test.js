// A teacher's live lesson against a pretended server: what the screen shows, and what it sends.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { names, press, tile, watch } from "../kit/teacher.js";
import { MockLesson, row, studentId } from "../mock/lesson.js";
import { DECK_ID, MockServer } from "../mock/server.js";

const LESSON = "0190c0de-0000-7000-8000-00000001e550";
let browser, mock, profile;

before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(async () => {
  mock = await new MockServer().listen();
  profile = await browser.profile();
});
afterEach(async () => {
  try {
    await profile.close();
  } finally {
    await mock.close();
  }
});

const open = (options = {}) => watch(profile, mock, { lesson: LESSON, ...options });
const said = (type) => mock.lesson.commands.map(({ frame }) => frame).filter((frame) => frame.type === type);
const saidOnce = async (type) => {
  await until(`${type} came`, () => said(type).length > 0);
  assert.equal(said(type).length, 1);
  return said(type)[0];
};

test("a lesson is started, paused, resumed and ended, and each button is there when it can be used", async () => {
  const page = await open({ lesson: null });
  assert.equal(await page.getByRole("button", { name: "Pause" }).isVisible(), false);
  await press(page, "Start the lesson");
  await page.getByText("The lesson is on").waitFor();
  assert.match((await saidOnce("open")).lesson, /^[0-9a-f-]{36}$/);
  await press(page, "Pause");
  await page.getByText("Paused", { exact: true }).waitFor();
  await press(page, "Go on");
  await page.getByText("The lesson is on").waitFor();
  await press(page, "End the lesson");
  await page.getByText("That was the lesson").waitFor();
  assert.deepEqual(mock.lesson.commands.map(({ frame }) => [frame.seq, frame.type]), [[1, "open"], [2, "pause"], [3, "resume"], [4, "close"]]);
});

test("the last hour is there for who comes late, and goes on minute by minute", async () => {
  const minute = (ago, answered, correct) => ({ at: Math.floor(Date.now() / 60_000) * 60_000 - ago * 60_000, answered, correct });
  mock.lesson = new MockLesson({ lesson: LESSON });
  mock.lesson.minutes = [minute(30, 12, 9), minute(2, 5, 1)];
  const page = await open();
  await page.getByText("Last hour: up to 12 answers a minute").waitFor();
  mock.lesson.step({ minutes: [minute(0, 20, 20)] });
  await page.getByText("Last hour: up to 20 answers a minute").waitFor();
  assert.match(await page.locator(".chart svg").getAttribute("aria-label"), /: 37 in all, 20 at most/);
});

test("a tile says who, how and why help is needed, and nobody else's tile is touched", async () => {
  const page = await open();
  assert.deepEqual(await names(page), ["Ada", "Blaise", "Carla"]);
  await page.evaluate(() => {
    window.touched = new Set();
    new MutationObserver((records) => records.forEach(({ target }) => window.touched.add((target.closest ?? target.parentElement.closest).call(target.closest ? target : target.parentElement, ".tile")?.dataset.studentId))).observe(document.querySelector(".tiles"), { subtree: true, childList: true, characterData: true, attributes: true });
  });
  mock.lesson.change(1, { answered: 8, correct: 2, streak: 0, presence: "away", struggling: { reason: "mostly_wrong", wrong: 5, of: 8 } });
  const blaise = tile(page, studentId(1));
  await blaise.getByText("5 of the last 8 wrong").waitFor();
  assert.match(await blaise.textContent(), /Blaiseaway8 answers · 25 % right/);
  assert.deepEqual(await page.evaluate(() => [...window.touched]), [studentId(1)]);
  await page.getByText("1 student may need help.").waitFor();
  assert.deepEqual(await names(page), ["Ada", "Blaise", "Carla"]);
  await press(page, "Who needs help first");
  assert.deepEqual(await names(page), ["Blaise", "Ada", "Carla"]);
});

test("students come and go at their places, and totals follow", async () => {
  const page = await open();
  mock.lesson.step({ students: [row(7, { name: "Bea", answered: 4, correct: 3 })], removed: [studentId(0)] });
  await until("Bea is there", async () => (await names(page)).join() === "Bea,Blaise,Carla");
  assert.equal(await page.textContent("[data-total=here]"), "3 of 3");
  assert.equal(await page.textContent("[data-total=answered]"), "4");
  assert.equal(await page.textContent("[data-total=right]"), "75 %");
});

test("hidden names are on no tile, and come back", async () => {
  const page = await open();
  await press(page, "Hide names");
  await until("no name is there", async () => (await names(page)).join() === "Student 1,Student 2,Student 3");
  assert.equal((await saidOnce("hide_names")).hidden, true);
  await press(page, "Show names");
  await until("names are back", async () => (await names(page)).join() === "Ada,Blaise,Carla");
});

test("a snapshot in parts shows only whole, and a gap brings a new one", async () => {
  mock.lesson = new MockLesson({ students: 7, lesson: LESSON });
  mock.lesson.rows_a_frame = 3;
  const page = await open();
  assert.equal((await names(page)).length, 7);
  mock.lesson.version += 1;
  mock.lesson.change(0, { answered: 5, correct: 5 });
  await until("it came back", () => mock.lesson.sockets.length === 2);
  await tile(page, studentId(0)).getByText("5 answers").waitFor();
});

test("a command without a verdict goes again on the next socket under its id, and once only", async () => {
  const page = await open();
  mock.lesson.verdict = () => "silent";
  await press(page, "Pause");
  const { id } = await saidOnce("pause");
  mock.lesson.verdict = () => "saved";
  mock.lesson.live[0].wire.close(4410);
  await page.getByText("Paused", { exact: true }).waitFor();
  assert.deepEqual(said("pause").map((frame) => frame.id), [id, id]);
  mock.lesson.live[0].wire.close(4410);
  await until("it came back", () => mock.lesson.sockets.length === 3);
  await page.waitForSelector('.live-mark[data-live="yes"]');
  assert.equal(said("pause").length, 2);
});

test("while the connection is away the figures stay, said to be old; who may not watch is told so", async () => {
  const page = await open();
  mock.lesson.change(0, { answered: 5, correct: 5 });
  await tile(page, studentId(0)).getByText("5 answers").waitFor();
  mock.lesson.greeting = () => 4503;
  mock.lesson.live[0].wire.close(4411);
  await page.getByText("You may not watch this class, or not any more.").waitFor();
  assert.equal(await page.textContent(".live-mark"), "Stopped");
  await tile(page, studentId(0)).getByText("5 answers").waitFor();
});

test("a refused command is said in words", async () => {
  const page = await open();
  mock.lesson.verdict = () => ({ code: "malformed", message: "The message is too long.", final: true });
  await page.getByLabel("Message to all").fill("Ten more minutes");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("The message was refused: The message is too long.").waitFor();
});

test("a message is shown as all see it, and taken back", async () => {
  const page = await open();
  await page.getByLabel("Message to all").fill("Ten more minutes");
  await page.keyboard.press("Enter");
  await page.getByText("All see: “Ten more minutes”").waitFor();
  await page.getByRole("button", { name: "Take it back" }).click();
  await until("it is gone", () => said("message").length === 2);
  assert.deepEqual(said("message").map(({ message }) => message), ["Ten more minutes", null]);
});

test("one tap accepts a wrong answer, and its verdict stands beside it", async () => {
  const page = await open();
  const card_id = mock.cards[0].card_id;
  mock.lesson.step({ cards: [{ deck_id: DECK_ID, card_id, answers: 12, wrong: 5, recall: 0.74, missed_by: [studentId(0), studentId(2)], as_of: 1 }], wrong: [{ card_id, text: "Laibach", times: 3, students: 2 }] });
  const hard = page.locator(".hard-cards li");
  await hard.getByText("Capital of France").waitFor();
  assert.match(await hard.textContent(), /5 of 12 wrong · recall 74 %.*Missed by Ada, Carla/);
  mock.lesson.verdict = () => "silent";
  const wrong = page.locator(".wrong-answers li");
  await wrong.getByRole("button", { name: "Accept" }).click();
  await wrong.getByText("Accepting…").waitFor();
  const { deck_id, card_id: of, text, seq } = await saidOnce("accept");
  assert.deepEqual([deck_id, of, text], [DECK_ID, card_id, "Laibach"]);
  mock.lesson.live[0].wire.send({ type: "saved", seq });
  await wrong.getByText("Accepted: graded anew").waitFor();
  assert.equal(await wrong.getByRole("button").isVisible(), false);
});
