// A teacher asks, assigns, looks closely and ends, against a pretended server; with a class of a thousand, by keys, on a phone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { clockRuns, launch, until } from "../kit/chromium.js";
import { names, press, tile, watch } from "../kit/teacher.js";
import { CLASS_ID, MockLesson, row, studentId } from "../mock/lesson.js";
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
const came = (type, count = 1) => until(`${count} ${type} came`, () => (said(type).length === count ? said(type).at(-1) : null));
const bars = (page) => page.$$eval(".histogram tbody tr", (rows) => rows.map((line) => [...line.cells].map(({ textContent }) => textContent)));

test("a card is found by its words and asked, the votes come live, and a second vote stands beside the first", async () => {
  const page = await open();
  await page.getByText("Ask a card").click();
  await page.getByLabel("Time to answer").selectOption("300");
  await page.locator(".live-ask").getByLabel("Words on the card").fill("Peru");
  const found = page.locator(".live-ask .found-cards li");
  await until("the search is done", async () => (await found.count()) === 2);
  await found.getByRole("button", { name: "Ask: Capital of Peru" }).click();
  const asked = await came("ask");
  assert.deepEqual([asked.deck_id, asked.card_id, asked.second], [DECK_ID, mock.cards[1].card_id, undefined]);
  // The page's idea of the server's clock is wrong by half of the time that its greeting took.
  const off_ms = asked.closes_at - Date.now() - 300_000;
  assert.ok(Math.abs(off_ms) < 10_000, `${off_ms} ms beside five minutes`);
  await page.locator(".ask-front").getByText("Capital of Peru").waitFor();
  await clockRuns(page.locator(".ask-clock"), asked.closes_at);
  assert.equal(await page.isVisible("text=Vote again"), false);
  mock.lesson.vote({ votes: 3, correct: 1, bars: [{ grade: 1, times: 2 }, { grade: 4, times: 1 }] });
  await page.getByText("3 votes of 3 here, 1 right").waitFor();
  assert.deepEqual(await bars(page), [["1 Wrong", "2"], ["4 Good", "1"]]);
  // Its time is over.
  mock.lesson.put({ ask: { ...mock.lesson.document.ask, closes_at: Date.now() - 1 } });
  await page.getByRole("button", { name: "Vote again" }).click();
  const second = await came("ask", 2);
  assert.deepEqual([second.ask_id, second.second], [asked.ask_id, true]);
  mock.lesson.vote({ votes: 2, correct: 2, bars: [{ grade: 4, times: 2 }] });
  await until("both votes are there", async () => JSON.stringify(await bars(page)) === '[["1 Wrong","2","0"],["4 Good","1","2"]]');
  await page.getByRole("button", { name: "Take the question away" }).click();
  await came("end_ask");
  await page.getByText("Taken away").waitFor();
  assert.equal((await bars(page)).length, 2);
});

test("a vote is closed before its time, and a second one follows", async () => {
  const page = await open();
  const close = page.getByRole("button", { name: "Close the vote" });
  assert.equal(await close.isVisible(), false, "none is open");
  mock.lesson.putAsk({ ask_id: "0190c0de-0000-7000-8000-0000000000a5", deck_id: DECK_ID, card_id: mock.cards[0].card_id, closes_at: Date.now() + 600_000 });
  await close.click();
  assert.equal((await came("close_ask")).ask_id, "0190c0de-0000-7000-8000-0000000000a5");
  await page.locator(".ask-clock").getByText("Closed").waitFor();
  assert.equal(await close.isVisible(), false);
  await page.getByRole("button", { name: "Vote again" }).click();
  assert.equal((await came("ask")).second, true);
  await close.waitFor();
});

test("a warm-up asks for so many cards of the deck, and says why there is none", async () => {
  const page = await open();
  await page.getByText("Assign a deck or cards").click();
  await page.getByLabel("Warm-up: cards of the deck").fill("7");
  await page.getByRole("button", { name: "Start it" }).click();
  const asked = await came("warm_up");
  assert.deepEqual([asked.deck_id, asked.count], [DECK_ID, 7]);
  await page.getByText("Warm-up: the cards that are about to be forgotten come next.").waitFor();
  await page.locator(".assigned li").waitFor();
  await page.getByLabel("Warm-up: cards of the deck").fill("51");
  await page.getByRole("button", { name: "Start it" }).click();
  assert.equal(said("warm_up").length, 1, "the field takes fifty at most");
  mock.lesson.verdict = () => ({ code: "nothing_to_review", final: true, message: "nobody would remember more" });
  await page.getByLabel("Warm-up: cards of the deck").fill("5");
  await page.getByRole("button", { name: "Start it" }).click();
  await page.getByText("The warm-up was refused: nobody would remember more").waitFor();
});

test("the answer of a question is shown only when the teacher says so", async () => {
  const page = await open();
  mock.lesson.putAsk({ ask_id: "0190c0de-0000-7000-8000-0000000000a5", deck_id: DECK_ID, card_id: mock.cards[0].card_id, closes_at: Date.now() + 60_000 });
  await page.getByText("Capital of France").first().waitFor();
  assert.equal(await page.isVisible(".ask-back"), false);
  await page.getByRole("button", { name: "Show the answer" }).click();
  await page.locator(".ask-back").getByText("Paris").waitFor();
});

test("cards are assigned to some, a deck to all, and taken back", async () => {
  const page = await open();
  await page.getByText("Assign a deck or cards").click();
  const form = page.locator(".live-assign");
  await form.getByRole("button", { name: "Assign the deck" }).click();
  assert.deepEqual(Object.keys(await came("assign")).sort(), ["deck_id", "id", "seq", "type"]);
  await form.getByLabel("To").selectOption("some");
  await form.getByRole("button", { name: "Assign the deck" }).click();
  await form.getByText("Choose at least one student.").waitFor();
  await form.getByLabel("Blaise").check();
  await form.getByRole("button", { name: "Add: Capital of Kenya", exact: true }).click();
  await form.getByRole("button", { name: "Assign 1 card" }).click();
  const some = await came("assign", 2);
  assert.deepEqual([some.cards, some.to], [[mock.cards[2].card_id], [studentId(1)]]);
  await form.getByRole("button", { name: "Take back" }).click();
  assert.equal((await came("withdraw")).deck_id, DECK_ID);
});

test("one student is looked at closely, given more time, and removed", async () => {
  const page = await open();
  mock.lesson.change(1, { answered: 10, correct: 4, struggling: { reason: "sure_and_wrong", wrong: 3 }, sure_and_wrong: 3 });
  await tile(page, studentId(1)).getByText("sure and wrong 3 times").waitFor();
  await tile(page, studentId(1)).click();
  const panel = page.getByRole("dialog", { name: "Blaise" });
  await panel.getByText("4 (40 %)").waitFor();
  await panel.getByLabel("Extra time").selectOption("50");
  const { student_id, percent } = await came("extra_time");
  assert.deepEqual([student_id, percent], [studentId(1), 50]);
  await tile(page, studentId(1)).getByText("+50 % time").waitFor();
  await panel.getByRole("button", { name: "Remove from the lesson" }).click();
  await came("remove");
  await until("Blaise is gone", async () => (await names(page)).join() === "Ada,Carla");
  assert.equal(await page.getByRole("dialog").count(), 0);
});

test("the end says what was hard, what went wrong most and whom to talk to, and gives the report", async () => {
  mock.report = { lesson: LESSON, students: [] };
  const page = await open();
  const card_id = mock.cards[0].card_id;
  mock.lesson.step({
    students: [row(0, { answered: 9, correct: 1, struggling: { reason: "wrong_in_a_row", wrong: 4 } })],
    cards: [{ deck_id: DECK_ID, card_id, answers: 12, wrong: 5, recall: null, as_of: 1 }],
    wrong: [{ card_id, text: "Lyon", times: 11, students: 9 }],
  });
  await press(page, "End the lesson");
  const end = page.locator(".live-end");
  await end.getByText("Capital of France: 5 of 12 answers wrong").waitFor();
  await end.getByText("11 × Lyon, by 9 students").waitFor();
  await end.getByText("Ada: 4 wrong in a row").waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), end.getByRole("button", { name: "Report as JSON" }).click()]);
  assert.deepEqual(JSON.parse(await readFile(await file.path(), "utf8")), mock.report);
  assert.equal(await page.isVisible(".live-steer"), false);
});

test("in a class of a thousand only the tiles of those who answered are written", async () => {
  mock.lesson = new MockLesson({ students: 1_000, lesson: LESSON });
  const page = await open();
  assert.equal(await page.locator(".tile").count(), 1_000);
  await page.evaluate(() => {
    window.written = new Set();
    new MutationObserver((changes) => {
      for (const { target } of changes) window.written.add((target.closest ? target : target.parentElement).closest(".tile")?.dataset.studentId);
    }).observe(document.querySelector(".tiles"), { subtree: true, childList: true, characterData: true, attributes: true });
  });
  for (let round = 1; round <= 20; round++) {
    const changed = Array.from({ length: 125 }, (_, n) => row((n * 8 + round) % 1_000, { answered: round, correct: round - 1, streak: round }));
    mock.lesson.step({ students: changed });
    await page.waitForFunction((answers) => document.querySelector("[data-total=answered]").textContent === answers, String(mock.lesson.totals().answered));
    const written = await page.evaluate(() => {
      const ids = [...window.written].filter(Boolean);
      window.written.clear();
      return ids;
    });
    assert.deepEqual(written.sort(), changed.map(({ student_id }) => student_id).sort());
  }
});

test("the grid is walked by arrows, and a tile is opened and left by keys", async () => {
  const page = await open({ students: 12 });
  await page.locator(".tile button").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  const on = () => page.evaluate(() => document.activeElement.closest(".tile")?.querySelector(".tile-name").textContent);
  const all = await names(page);
  assert.equal(await on(), all[2]);
  mock.lesson.change(2, { answered: 3, correct: 3, struggling: { reason: "wrong_in_a_row", wrong: 3 } });
  await page.getByText("1 student may need help.").waitFor();
  assert.equal(await on(), all[2]);
  await page.keyboard.press("End");
  assert.equal(await on(), all.at(-1));
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await on(), all.at(-1));
  assert.equal(await page.locator('.tile button[tabindex="0"]').count(), 1);
});

test("what changes with every answer is in no live region", async () => {
  const page = await open();
  const chatter = await page.$$eval(".tile, .live-totals, .histogram, .ask-clock, .hard-cards", (all) => all.filter((element) => element.closest("[role=status], [role=alert], [aria-live]:not([aria-live=off])")).length);
  assert.equal(chatter, 0);
});

test("a projector shows the class and the question, and neither tools nor anybody's trouble", async () => {
  const page = await open();
  mock.lesson.change(0, { struggling: { reason: "wrong_in_a_row", wrong: 3 } });
  await page.getByText("3 wrong in a row").waitFor();
  await press(page, "Projector");
  for (const hidden of [".live-steer", ".live-cards", "#bar", ".need-line", ".tile-need"]) assert.equal(await page.isVisible(hidden), false, hidden);
  assert.ok(await page.isVisible(".tiles"));
  await page.keyboard.press("Escape");
  assert.ok(await page.isVisible(".live-steer"));
});

test("on a phone nothing stands beyond the edge", async () => {
  await profile.close();
  profile = await browser.profile({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } });
  const page = await open({ students: 30 });
  mock.lesson.putAsk({ ask_id: "0190c0de-0000-7000-8000-0000000000a5", deck_id: DECK_ID, card_id: mock.cards[0].card_id, closes_at: Date.now() + 60_000 });
  await page.locator(".ask-front").getByText("Capital of France").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
});

test("a teacher makes a class, gives it a deck and finds it in the list", async () => {
  mock.role = "teacher";
  mock.lesson = new MockLesson({ students: 2 });
  mock.class_title = "Geography 7b";
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.getByRole("link", { name: "Classes" }).click();
  await page.getByRole("link", { name: "Live lesson of Geography 7b" }).waitFor();
  await page.getByLabel("What it is called").fill("History 8c");
  await page.getByRole("button", { name: "Make the class" }).click();
  await page.getByRole("heading", { name: "History 8c" }).waitFor();
  assert.equal(await page.evaluate(() => location.hash), `#/class/${CLASS_ID}`);
  await page.getByLabel("Give a deck").selectOption({ label: "Capitals of the world" });
  await page.getByRole("button", { name: "Give", exact: true }).click();
  await page.locator(`.class-decks [data-deck-id="${DECK_ID}"]`).waitFor();
  await page.getByRole("button", { name: "Take away Capitals of the world" }).click();
  await page.locator(`.class-decks [data-deck-id="${DECK_ID}"]`).waitFor({ state: "detached" });
  assert.deepEqual(await page.$$eval(".class-students li", (all) => all.map(({ textContent }) => textContent)), ["Ada", "Blaise"]);
});

test("a learner is shown no way to classes", async () => {
  mock.org = "0190c0de-0000-7000-8000-000000000015";
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.getByRole("link", { name: "Homework" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Classes" }).count(), 0);
});

test("a server without live lessons is shown no way into one", async () => {
  mock.role = "teacher";
  mock.features = [];
  mock.lesson = new MockLesson({ students: 2 });
  mock.class_title = "Geography 7b";
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.getByRole("link", { name: "Classes" }).click();
  await page.getByRole("link", { name: "Geography 7b", exact: false }).first().click();
  await page.locator(".class-students").getByText("Ada").waitFor();
  assert.equal(await page.getByRole("link", { name: "Live lesson" }).count(), 0);
});
