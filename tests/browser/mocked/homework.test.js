// Homework against a pretended server: a teacher sets it and sees how each student stands, a learner sees what is due.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { CLASS_ID, MockLesson } from "../mock/lesson.js";
import { DECK_ID, MockServer } from "../mock/server.js";

const ORG = "0190c0de-0000-7000-8000-0000000000aa";
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

test("a teacher sets a deck for some days, sees who is done, late and not started, and removes it", async () => {
  mock.role = "teacher";
  mock.lesson = new MockLesson({ students: 3 });
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.waitForSelector(".deck");
  await page.evaluate((class_id) => (location.hash = `#/class/${class_id}`), CLASS_ID);
  await page.locator(".class-homework > summary").click();
  await page.getByText("Nothing is set.").waitFor();
  await page.getByLabel("Due on").fill("2026-10-09");
  await page.getByLabel("Days").fill("4");
  await page.getByRole("button", { name: "Set it" }).click();
  await until("it is set", () => mock.homework?.length === 1);
  assert.deepEqual([mock.homework[0].deck_id, mock.homework[0].due, mock.homework[0].rule], [DECK_ID, "2026-10-09", { kind: "days", days: 4 }]);
  await page.getByText(/Capitals of the world, due .*: studied on 4 days/).click();
  await page.getByText("1 done, 1 late, 0 started, 1 not started").waitFor();
  const rows = await page.$$eval(".homework-list tbody tr", (all) => all.map((line) => [...line.cells].map(({ textContent }) => textContent)));
  assert.deepEqual(rows, [["Ada", "done", "3", "0 of 12"], ["Blaise", "late", "2", "1 of 12"], ["Carla", "not started", "1", "2 of 12"]]);
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText("Nothing is set.").waitFor();
});

test("each card answered needs no number of days", async () => {
  mock.role = "teacher";
  mock.lesson = new MockLesson({ students: 1 });
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.waitForSelector(".deck");
  await page.evaluate((class_id) => (location.hash = `#/class/${class_id}`), CLASS_ID);
  await page.locator(".class-homework > summary").click();
  await page.getByLabel("Done when").selectOption("each_card");
  assert.equal(await page.getByLabel("Days").isVisible(), false);
  await page.getByRole("button", { name: "Set it" }).click();
  await until("it is set", () => mock.homework?.length === 1);
  assert.deepEqual(mock.homework[0].rule, { kind: "each_card" });
});

test("a learner of a school sees what is due and how far it is, and goes on from there", async () => {
  mock.org = ORG;
  mock.own_homework = [{ homework_id: "h1", class_id: CLASS_ID, deck_id: DECK_ID, cards: [], due: "2026-10-09", rule: { kind: "days", days: 3 }, status: "started", days: 1, cards_answered: 8, of_cards: 12 }];
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.getByRole("link", { name: "Homework" }).click();
  await page.getByText("started · 1 of 3 days").waitFor();
  await page.getByRole("link", { name: "Study Capitals of the world" }).click();
  await page.waitForSelector(".study .card");
});
