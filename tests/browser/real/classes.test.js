// A teacher's classes at the real server: made, given decks, found again. Live lessons have a file of their own.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { allSaved, answerByKey, dropFile } from "../kit/learner.js";
import { Server, ask, tell } from "../kit/server.js";

const ORG = "00000000-0000-4000-8000-0000000000aa";
const TEACHER = "00000000-0000-4000-8000-0000000000b1";
const LEARNER = "00000000-0000-4000-8000-0000000000c1";

let browser, server, profile;

before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(async () => {
  server = await Server.start();
  profile = await browser.profile();
});
afterEach(async () => {
  try {
    await profile.close();
  } finally {
    await server.stop();
  }
});

/** The page of a class that was just made. */
async function makeClass(page, title) {
  await page.getByRole("link", { name: "Classes", exact: true }).click();
  await page.getByLabel("What it is called").fill(title);
  await page.getByRole("button", { name: "Make the class" }).click();
  await page.getByRole("heading", { name: title }).waitFor();
}

test("a class is made, given a deck, and found in the list", async () => {
  const page = await profile.open(await server.signInAs("teacher", TEACHER, ORG));
  await page.waitForSelector(".home");
  await dropFile(page, "Capitals.csv", "France,Paris\nPeru,Lima\n");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText("The import is done").waitFor();
  await page.goto(`${server.url}/#/`);
  await makeClass(page, "Geography 7b");
  await page.getByLabel("Give a deck").selectOption({ label: "Capitals" });
  await page.getByRole("button", { name: "Give", exact: true }).click();
  await page.locator(".class-decks").getByRole("link", { name: "Capitals" }).waitFor();
  const [made] = (await ask(page, "classes?limit=10")).items;
  assert.deepEqual([made.title, made.decks.length], ["Geography 7b", 1]);
  await page.getByRole("link", { name: "‹ Classes" }).click();
  await page.getByText("0 students · 1 deck").waitFor();
  await page.getByRole("link", { name: "Geography 7b", exact: false }).first().click();
  await page.getByRole("button", { name: "Take away Capitals" }).click();
  await until("it has no deck", async () => (await ask(page, `classes/${made.class_id}`)).decks.length === 0);
});

test("students whom a table named stand on the page of their class", async () => {
  const page = await profile.open(await server.signInAs("teacher", TEACHER, ORG));
  await page.waitForSelector(".home");
  await page.goto(`${server.url}/#/people`);
  await page.waitForSelector(".roster");
  await page.setInputFiles("#roster", { name: "people.csv", mimeType: "text/csv", buffer: Buffer.from("id,name,class\np1,Ada,Biology\np2,Blaise,Biology\n") });
  await page.waitForSelector('.job[data-phase="tried"]');
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.waitForSelector('.job[data-phase="done"]');
  await page.goto(`${server.url}/#/classes`);
  await page.getByRole("link", { name: "Biology", exact: false }).first().click();
  await page.locator(".class-students").getByText("Blaise").waitFor();
  assert.deepEqual((await page.$$eval(".class-students li", (all) => all.map(({ textContent }) => textContent))).sort(), ["Ada", "Blaise"]);
});

test("homework is set, found by the learner, studied, and seen as done by the teacher", async () => {
  const page = await profile.open(await server.signInAs("teacher", TEACHER, ORG));
  await page.waitForSelector(".home");
  const other = await browser.profile();
  const learner = await other.open(await server.signInAs("learner", LEARNER, ORG, "Ada"));
  await learner.waitForSelector(".home");
  const { deck_id } = await tell(page, "POST", "decks", { title: "Capitals", visibility: "class" });
  await tell(page, "POST", `decks/${deck_id}/cards/bulk`, { cards: [{ front: "France", back: "Paris" }] });
  const { class_id } = await tell(page, "POST", "classes", { title: "7b" });
  await tell(page, "PUT", `classes/${class_id}/decks/${deck_id}`);
  await tell(page, "PUT", `classes/${class_id}/students/${LEARNER}`);
  await page.goto(`${server.url}/#/class/${class_id}`);
  await page.locator(".class-homework > summary").click();
  await page.getByLabel("Done when").selectOption("each_card");
  await page.getByRole("button", { name: "Set it" }).click();
  const standing = page.locator(`.homework-list tr[data-user-id="${LEARNER}"]`);
  await page.getByText(/Capitals, due .*: each card answered/).click();
  await standing.getByText("not started").waitFor();
  await learner.getByRole("link", { name: "Homework" }).click();
  await learner.getByText("not started · 0 of 1 card").waitFor();
  await learner.getByRole("link", { name: "Study Capitals" }).click();
  await answerByKey(learner, 5);
  await allSaved(learner);
  await page.reload();
  await page.locator(".class-homework > summary").click();
  await page.getByText(/Capitals, due .*: each card answered/).click();
  await standing.getByText("done").waitFor();
  await other.close();
});

test("who is no teacher is shown no way to classes", async () => {
  const page = await profile.open(await server.signInAs("learner", LEARNER, ORG, "Ada"));
  await page.getByRole("link", { name: "Homework" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Classes", exact: true }).count(), 0);
});
