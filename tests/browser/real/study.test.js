// A learner at the real server: signs in, studies, makes decks.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { allSaved, answerByKey, answerByTouch, dropFile, question } from "../kit/learner.js";
import { Server, history } from "../kit/server.js";

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

/** Signs in as the learner and waits for the decks. */
async function signIn(role = "learner") {
  const page = await profile.open((await server.signIn(role)).href);
  await page.waitForSelector(".deck");
  return page;
}

async function makeDeck(page, name, text) {
  await dropFile(page, name, text);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText("The import is done").waitFor();
}

test("the printed address signs in once and leaves the address bar; a reload stays signed in", async () => {
  const address = await server.signIn("learner");
  const page = await profile.open(address.href);
  await page.waitForSelector(".deck");
  assert.equal(new URL(page.url()).search, "");
  await page.reload();
  await page.waitForSelector(".deck");
  profile.expectStatus(401);
  await page.context().clearCookies();
  const stranger = await browser.profile();
  stranger.expectStatus(401);
  const second = await stranger.open(address.href);
  await second.getByText("used already").waitFor();
  await stranger.close();
});

test("the bundled cards are there to study, with their counts", async () => {
  const page = await signIn();
  const counts = page.locator(".home-head .count.new");
  await until("the counts are there", async () => Number(await counts.textContent()) > 0);
  const cards = await page.locator(".deck-cards").allTextContents();
  const sum = cards.map((text) => parseInt(text, 10)).reduce((total, count) => total + count, 0);
  assert.ok(sum >= 200, `${sum} cards`);
});

test("a deck is studied by keys, and every answer is saved once with its grade", async () => {
  const page = await signIn();
  await page.getByRole("link", { name: "Study all" }).click();
  const answered = [];
  for (const grade of [5, 4, 3, 2, 1, 0, 5]) answered.push([await answerByKey(page, grade), grade]);
  await allSaved(page);
  const entries = await history(page);
  assert.deepEqual(entries.map(({ card_id, grade }) => [card_id, grade]), answered);
  assert.equal(new Set(entries.map(({ id }) => id)).size, answered.length);
});

test("each grade says what it would do", async () => {
  const page = await signIn();
  await page.getByRole("link", { name: "Study all" }).click();
  await question(page);
  await page.keyboard.press("Enter");
  const outcomes = await page.locator(".grade .outcome").allTextContents();
  assert.deepEqual(outcomes, ["again today", "again today", "again today", "again today", "1 d", "1 d"]);
});

test("a deck is studied by touch on a phone", async () => {
  await profile.close();
  profile = await browser.profile({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 780 } });
  const page = await signIn();
  await page.getByRole("link", { name: "Study all" }).tap();
  for (const grade of [4, 5, 4]) await answerByTouch(page, grade);
  await allSaved(page);
  assert.deepEqual((await history(page)).map(({ grade }) => grade), [4, 5, 4]);
});

test("undo brings the card back to the front, and the answer counts no longer", async () => {
  const page = await signIn();
  await page.getByRole("link", { name: "Study all" }).click();
  const first = await answerByKey(page, 1);
  const second = await question(page);
  assert.notEqual(first, second);
  await page.keyboard.press("u");
  await page.waitForSelector(`.card[data-card-id="${first}"]`);
  await answerByKey(page, 5);
  assert.equal(await question(page), second);
  await allSaved(page);
  const entries = await history(page);
  const answers = entries.filter(({ kind }) => kind === "review");
  assert.deepEqual(answers.map(({ card_id, grade, undone }) => [card_id, grade, Boolean(undone)]), [[first, 1, true], [first, 5, false]]);
});

test("a suspended card goes, the undo brings it back, and a buried one goes too", async () => {
  const page = await signIn();
  await page.getByRole("link", { name: "Study all" }).click();
  const first = await question(page);
  await page.keyboard.press("s");
  await page.waitForSelector(`.card:not([data-card-id="${first}"])`);
  await allSaved(page);
  await page.keyboard.press("u");
  await page.waitForSelector(`.card[data-card-id="${first}"]`);
  await page.keyboard.press("b");
  await page.waitForSelector(`.card:not([data-card-id="${first}"])`);
  await allSaved(page);
});

test("a dropped CSV file makes a deck that can be studied to its end", async () => {
  const page = await signIn();
  await makeDeck(page, "rivers.csv", 'front,back,hint\nLongest river of France,Loire,"It begins with L"\n"Danube, where from?",Donaueschingen,\n');
  await page.getByRole("link", { name: "Study it" }).click();
  await question(page);
  await page.getByText("Longest river of France").waitFor();
  await answerByKey(page, 5);
  await answerByKey(page, 5);
  await page.getByRole("heading", { name: "Done for now" }).waitFor();
  await allSaved(page);
  assert.equal((await history(page)).length, 2);
});

test("two pasted columns make a deck; rejected rows are named with their line", async () => {
  const page = await signIn();
  await page.getByRole("link", { name: "New deck" }).click();
  await page.getByLabel("Name of the deck").fill("Rivers");
  await page.getByLabel("Or paste two columns").fill("Nile\tAfrica\n\tnowhere\nAmazon\tSouth America\nNile\tagain\n");
  await page.getByRole("button", { name: "Look at it first" }).click();
  await page.getByText("2 cards would be added").waitFor();
  const lines = await page.locator(".rejected tbody td:first-child").allTextContents();
  assert.deepEqual(lines, ["2", "4"]);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the rows rejected" }).click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "rejected.csv");
  const [header, ...rows] = (await readFile(await file.path(), "utf8")).trimEnd().split("\r\n");
  assert.match(header, /^\ufeffline,column,reason,message,front,back/);
  assert.deepEqual(rows.map((row) => row.replace(/"[^"]*"/, "…")), ['2,1,empty_front,…,"","nowhere","","","","",""', '4,1,duplicate,…,"Nile","again","","","","",""']);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText("The import is done").waitFor();
  await page.getByRole("link", { name: "See the cards" }).click();
  await until("both cards are listed", async () => (await page.locator(".cards li").count()) === 2);
});

test("a trial that is not followed leaves no deck behind, because it makes none", async () => {
  const page = await signIn();
  const before = await page.locator(".deck").count();
  const changes = [];
  page.on("request", (request) => request.method() !== "GET" && changes.push(`${request.method()} ${new URL(request.url()).search}`));
  await dropFile(page, "rivers.csv", "front,back\nNile,Africa\n");
  await page.getByText("1 card would be added").waitFor();
  await page.getByRole("link", { name: "‹ Back" }).click();
  await page.waitForSelector(".deck");
  assert.deepEqual(changes, ["POST ?title=rivers&dry_run=true"]);
  await until("the list is as before", async () => (await page.locator(".deck").count()) === before);
  await page.reload();
  await page.waitForSelector(".deck");
  assert.equal(await page.locator(".deck").count(), before);
});

test("a file that cannot be read is refused with its line", async () => {
  const page = await signIn();
  profile.expectStatus(422);
  await dropFile(page, "broken.csv", 'front,back\nNile,Africa\n"Amazon,South America\n');
  const complaint = page.locator(".complaint", { hasText: /line \d+/i });
  await complaint.waitFor();
});

test("a card added by hand is studied", async () => {
  const page = await signIn();
  await page.getByRole("link", { name: "New deck" }).click();
  await page.getByLabel("Name of the deck").fill("By hand");
  await page.getByRole("button", { name: "Make an empty deck" }).click();
  await page.getByLabel("Front", { exact: true }).fill("2 + 2");
  await page.getByLabel("Back", { exact: true }).fill("4 <script>alert(1)</script>");
  await page.getByRole("button", { name: "Add card" }).click();
  await page.getByText("The card was added.").waitFor();
  await page.getByRole("link", { name: "Study", exact: true }).click();
  await question(page);
  assert.equal(await page.textContent(".card .front"), "2 + 2");
  await answerByKey(page, 4);
  await allSaved(page);
});

test("a sitting that cannot be begun is named, and another one can", async () => {
  const page = await signIn();
  profile.expectStatus(404);
  await page.evaluate(() => (location.hash = "#/study/0190c0de-0000-7000-8000-00000000dead"));
  await page.getByText("The sitting over this deck could not be begun: a deck in decks is not yours to see").waitFor();
  await page.getByRole("link", { name: "Back to the decks" }).click();
  await page.getByRole("link", { name: "Study all" }).click();
  await answerByKey(page, 5);
  await allSaved(page);
});

test("a card shows its flag, also after a reload; the same flag again takes it away, and the undo brings it back", async () => {
  const page = await signIn();
  await page.getByRole("link", { name: "Study all" }).click();
  const first = await question(page);
  const flag = page.locator(".card-flag");
  assert.equal(await flag.isVisible(), false);
  await page.keyboard.press("f");
  await page.getByRole("menuitemradio", { name: "Green" }).click();
  await flag.getByText("Flag: Green").waitFor();
  await allSaved(page);
  await page.reload();
  assert.equal(await question(page), first);
  await flag.getByText("Flag: Green").waitFor();
  await page.keyboard.press("f");
  assert.equal(await page.getByRole("menuitemradio", { name: "Green" }).getAttribute("aria-checked"), "true");
  await page.keyboard.press("3");
  await flag.waitFor({ state: "hidden" });
  await page.keyboard.press("u");
  await flag.getByText("Flag: Green").waitFor();
  await allSaved(page);
  await answerByKey(page, 5);
  await question(page);
  await flag.waitFor({ state: "hidden" });
});
