// A school's people on the page: tried and looked at person by person, guarded, brought in, and taken back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch } from "../kit/chromium.js";
import { dropFile } from "../kit/learner.js";
import { Server, ask } from "../kit/server.js";

const ORG = "00000000-0000-4000-8000-0000000000aa";
const ADMIN = "00000000-0000-4000-8000-0000000000a1";
const TEACHER = "00000000-0000-4000-8000-0000000000b1";

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

/** A table of people: `[id, name, class]`. */
const table = (rows) => ["id,name,class", ...rows.map((row) => row.join(","))].join("\n");
const pupils = (count) => Array.from({ length: count }, (_, n) => [`p${n + 1}`, `Pupil ${n + 1}`, "7b"]);

/** Somebody's page for people, by the way that the page shows. */
async function people(role, user_id) {
  const page = await profile.open(await server.signInAs(role, user_id, ORG));
  await page.getByRole("link", { name: "People", exact: true }).click();
  await page.waitForSelector(".roster");
  return page;
}

async function choose(page, rows, name = "people.csv") {
  await page.setInputFiles("#roster", { name, mimeType: "text/csv", buffer: Buffer.from(table(rows)) });
  await page.waitForSelector('.job[data-phase="tried"]');
}

const figure = (page, name) => page.$eval(`[data-figure="${name}"]`, (item) => Number(item.dataset.number));
const rowsOf = (page, step) => page.$$eval(`[data-step="${step}"] tbody tr`, (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
const bringIn = (page) => page.getByRole("button", { name: "Import", exact: true });
const students = async (page) => (await ask(page, "users?limit=100")).items.map(({ name }) => name).sort();

test("a class is tried, brought in, and changed person by person, with the rows that were refused to download", async () => {
  const page = await people("admin", ADMIN);
  await choose(page, [...pupils(10), ["", "Nobody", "7b"]]);
  assert.equal(await figure(page, "new"), 10);
  assert.equal((await rowsOf(page, "new")).length, 10);
  assert.deepEqual(await students(page), []);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: /^Download the 1 row/ }).click()]);
  const refused = await readFile(await saved.path(), "utf8");
  assert.match(refused, /12/);
  await bringIn(page).click();
  await page.waitForSelector('.job[data-phase="done"]');
  assert.equal((await students(page)).length, 10);
  // One is called otherwise, one is in another class, one is gone, one is new.
  const [first, second, , ...rest] = pupils(10);
  await page.goto(`${server.url}/#/people`);
  await choose(page, [[first[0], "Ada Lovelace", "7b"], [second[0], second[1], "8c"], ...rest, ["p11", "Pupil 11", "7b"]]);
  assert.deepEqual(await rowsOf(page, "changed"), [["Ada Lovelace", "p1", "was called Pupil 1"]]);
  assert.deepEqual(await rowsOf(page, "moved"), [["Pupil 2", "p2", "joins 8c; leaves 7b"]]);
  assert.deepEqual(await rowsOf(page, "gone"), [["Pupil 3", "p3", "leaves 7b"]]);
  assert.deepEqual(await rowsOf(page, "new"), [["Pupil 11", "p11", "joins 7b"]]);
  assert.deepEqual(await rowsOf(page, "classes"), [["8c", "new"]]);
  assert.equal(await page.isVisible(".guard"), false);
  await bringIn(page).click();
  await page.waitForSelector('.job[data-phase="done"]');
  assert.ok((await students(page)).includes("Ada Lovelace"));
  const classes = (await ask(page, "classes?limit=100")).items;
  assert.deepEqual(classes.map(({ title, students: those }) => [title, those.length]).sort(), [["7b", 9], ["8c", 1]]);
});

test("where many would be gone the number has to be typed, and all of it is taken back", async () => {
  const page = await people("admin", ADMIN);
  await choose(page, pupils(10));
  await bringIn(page).click();
  await page.waitForSelector('.job[data-phase="done"]');
  await page.goto(`${server.url}/#/people`);
  await choose(page, pupils(3), "cut.csv");
  assert.equal(await figure(page, "gone"), 7);
  await page.getByText("7 of 10 people would be gone").waitFor();
  assert.ok(await bringIn(page).isDisabled());
  for (const [typed, is_refused] of [["6", true], ["70", true], ["", true], ["7", false]]) {
    await page.getByLabel("How many people may be gone?").fill(typed);
    assert.equal(await bringIn(page).isDisabled(), is_refused, typed);
  }
  await bringIn(page).click();
  await page.waitForSelector('.job[data-phase="done"]');
  const inClass = async () => (await ask(page, "classes?limit=100")).items[0].students.length;
  assert.equal(await inClass(), 3);
  await page.getByRole("button", { name: "Take it back" }).click();
  await page.waitForSelector('.job[data-phase="revoked"]');
  assert.equal(await inClass(), 10);
});

test("a teacher drops a table without classes and says which class it is", async () => {
  const page = await people("teacher", TEACHER);
  await choose(page, [["p1", "Pupil 1", "Biology"]]);
  await bringIn(page).click();
  await page.waitForSelector('.job[data-phase="done"]');
  await page.goto(`${server.url}/#/people`);
  await page.getByRole("option", { name: "Biology" }).waitFor({ state: "attached" });
  assert.equal(await page.isVisible("#roster-scope"), false);
  await page.selectOption("#roster-class", { label: "Biology" });
  await dropFile(page, "list.csv", "id,name\np1,Pupil 1\np2,Pupil 2\n");
  await page.waitForSelector('.job[data-phase="tried"]');
  assert.deepEqual(await rowsOf(page, "new"), [["Pupil 2", "p2", "joins Biology"]]);
});

test("who may not import people is shown no way to, and told why", async () => {
  const page = await profile.open((await server.signIn("learner")).href);
  await page.waitForSelector(".deck");
  assert.equal(await page.getByRole("link", { name: "People", exact: true }).count(), 0);
  await page.goto(`${server.url}/#/people`);
  await page.getByText(/You are of no organisation/).waitFor();
});
