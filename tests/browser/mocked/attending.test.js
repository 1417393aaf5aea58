// A student in a live lesson, against a pretended server: what the teacher does is seen while studying.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { clockRuns, launch, until } from "../kit/chromium.js";
import { allSaved, answerByKey, question, study } from "../kit/learner.js";
import { MockServer } from "../mock/server.js";
import { CLASS_ID } from "../mock/lesson.js";
import { DECK_ID } from "../mock/server.js";

const TITLE = "Capitals of the world";
let browser, mock, profile, version;

before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(async () => {
  version = 0;
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

const lesson = (more = {}) => ({ class_id: CLASS_ID, version: ++version, lesson: "0190c0de-0000-7000-8000-00000001e550", state: "open", assigned: [], hide_names: false, ...more });
const tell = (more) => mock.live.at(-1).wire.send({ type: "class", ...lesson(more) });
const askOf = (card_id, seconds) => ({ ask_id: "0190c0de-0000-7000-8000-0000000000a5", deck_id: DECK_ID, card_id, closes_at: Date.now() + 1_000 * seconds });

async function begin() {
  const page = await profile.open(`${mock.url}/?code=x`);
  return [page, await study(page, TITLE)];
}

test("the teacher's words stand above the card, and go when they are taken back", async () => {
  const [page] = await begin();
  tell({ message: "Ten more <b>minutes</b>" });
  await page.getByText("Your teacher: Ten more <b>minutes</b>").waitFor();
  tell();
  await page.getByText("Ten more").waitFor({ state: "hidden" });
});

test("a pause puts the card away, nothing is answered behind it, and it comes back as it was", async () => {
  const [page, card_id] = await begin();
  await page.keyboard.press(" ");
  await page.waitForSelector(".grades:not([hidden])");
  tell({ state: "paused" });
  await page.getByText("Your teacher has paused the lesson.").waitFor();
  assert.equal(await page.isVisible(".card"), false);
  await page.keyboard.press("4");
  tell();
  await page.waitForSelector(".card:visible");
  assert.equal(await page.getAttribute(".card", "data-card-id"), card_id);
  assert.ok(await page.isVisible(".grades"));
  assert.equal(mock.commands.length, 0);
  await page.keyboard.press("4");
  await allSaved(page);
  assert.equal(mock.commands.length, 1);
});

test("who does not wait for the pause studies on", async () => {
  const [page] = await begin();
  tell({ state: "paused" });
  await page.getByRole("button", { name: "Study on by myself" }).click();
  await answerByKey(page);
  await allSaved(page);
});

test("a question comes before all cards with its clock, is answered once, and closes", async () => {
  const [page, first] = await begin();
  const asked = mock.live.at(-1).held[2].card_id;
  const ask = askOf(asked, 300);
  tell({ ask });
  await page.waitForSelector(`.card[data-card-id="${asked}"]`);
  await page.getByText("A question to the whole class").waitFor();
  await clockRuns(page.locator(".lesson-clock"), ask.closes_at);
  await answerByKey(page, 3);
  await page.getByText("Your answer is in.").waitFor();
  assert.equal(await question(page), first);
  tell({ ask: askOf(asked, 0) });
  await page.getByText("The question is closed.").waitFor();
  await allSaved(page);
  assert.deepEqual(mock.commands.map(({ frame }) => [frame.card_id, frame.grade]), [[asked, 3]]);
  tell();
  await page.getByText("The question is closed.").waitFor({ state: "hidden" });
});

test("cards of an assigned deck say who wanted them, and the end of the lesson is said", async () => {
  const [page] = await begin();
  assert.equal(await page.isVisible(".card-assigned"), false);
  tell({ assigned: [DECK_ID] });
  await page.getByText("Assigned by your teacher").waitFor();
  tell({ state: "closed" });
  await page.getByText("The lesson is over.").waitFor();
  assert.equal(await page.isVisible(".card-assigned"), false);
  await page.getByRole("button", { name: "All right" }).click();
  await page.getByText("The lesson is over.").waitFor({ state: "hidden" });
});

test("who comes in while a lesson is on is called to it, and finds it as it stands", async () => {
  mock.class_document = lesson({ message: "Good morning" });
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.getByText("Your class has a lesson now.").waitFor();
  await page.getByRole("link", { name: "Join in" }).click();
  await page.getByText("Your teacher: Good morning").waitFor();
  await page.getByText("Your class has a lesson now.").waitFor({ state: "detached" });
  await until("the card is there", () => question(page));
});
