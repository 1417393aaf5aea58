// What the page does with its outbox when the server is slow, strange or gone.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { allSaved, answerByKey, answerByTouch, question, study, tick, tickSays, waiting } from "../kit/learner.js";
import { MockServer, USER_ID, tokenFor } from "../mock/server.js";

const TITLE = "Capitals of the world";
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

/** Ids of the answers that the server received, in order, doubles included. */
const received = () => mock.commands.filter(({ frame }) => frame.type === "answer").map(({ frame }) => frame.id);

test("answers without a verdict survive a reload and are sent again with the same ids", async () => {
  mock.verdict = () => "silent";
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  for (let n = 0; n < 3; n++) await answerByKey(page);
  await waiting(page, 3);
  await until("the server has them", () => received().length === 3);
  const first = received();
  mock.verdict = () => "saved";
  await page.reload();
  await until("they came again", () => received().length === 6);
  assert.deepEqual(received().slice(3), first);
  assert.deepEqual(first, first.slice().sort());
  await allSaved(page);
  await page.reload();
  await allSaved(page);
  assert.equal(received().length, 6, "what was saved is not sent a third time");
});

test("an answer given in the moment of a reload is not lost, and not doubled", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  const answered = [];
  for (let n = 0; n < 6; n++) {
    answered.push(await question(page));
    await page.keyboard.press(" ");
    await page.waitForSelector(".grades:not([hidden])");
    await page.evaluate(() => {
      dispatchEvent(new KeyboardEvent("keydown", { key: "5" }));
      location.reload();
    });
    await until("it studies again", () => mock.starts.length === n + 2);
  }
  await allSaved(page);
  const once = new Map(mock.commands.map(({ frame }) => [frame.id, frame.card_id]));
  assert.deepEqual([...once.values()], answered);
});

test("the sitting goes on after a reload, and an answer given before it can be taken back", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  const answered = await answerByKey(page);
  await allSaved(page);
  await page.reload();
  await question(page);
  assert.equal(mock.starts[0].sitting, mock.starts[1].sitting);
  await page.keyboard.press("u");
  const undo = await until("the undo came", () => mock.commands.find(({ frame }) => frame.type === "undo"));
  assert.equal(undo.frame.of, received()[0]);
  await page.waitForSelector(`.card[data-card-id="${answered}"]`);
});

test("answers given while the server is away are kept, and the page says how many", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  profile.expectConnectionTrouble();
  const { port } = new URL(mock.url);
  await mock.close();
  for (let n = 0; n < 4; n++) await answerByKey(page);
  const says = await tickSays(page, "it is offline", ({ state }) => state === "offline");
  assert.match(says.text, /4 answers wait on this device/);
  const old = mock;
  mock = await new MockServer().listen(Number(port));
  await allSaved(page);
  assert.equal(received().length, 4);
  assert.deepEqual(old.commands, []);
});

test("an answer that is refused for good is set aside with the reason, and the next goes on", async () => {
  mock.verdict = ({ seq }) => (seq === 1 ? { code: "unknown_card", message: "This card never existed.", final: true } : "saved");
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  await answerByKey(page);
  await answerByKey(page);
  await allSaved(page);
  const banner = page.locator("[data-refused=unknown_card]");
  assert.match(await banner.textContent(), /Capital of France.*This card never existed\./);
  await page.reload();
  await banner.waitFor();
  await banner.getByRole("button", { name: "Dismiss" }).click();
  await banner.waitFor({ state: "detached" });
  await page.reload();
  await question(page);
  assert.equal(await banner.count(), 0);
});

test("answers of another person stay on the device, and the page says so", async () => {
  mock.verdict = () => "silent";
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  await answerByKey(page);
  await waiting(page, 1);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Your token").waitFor();
  mock.verdict = () => "saved";
  mock.commands = [];
  mock.user_id = "0190c0de-0000-7000-8000-0000000000ff";
  await page.getByLabel("Your token").fill(tokenFor(mock.user_id));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("1 answer of another person waits on this device").waitFor();
  await study(page, TITLE);
  await answerByKey(page);
  await allSaved(page);
  assert.equal(received().length, 1, "only the own answer was sent");
  mock.user_id = USER_ID;
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Your token").fill(tokenFor(USER_ID));
  await page.getByRole("button", { name: "Sign in" }).click();
  await until("the first person's answer came", () => received().length === 2);
  await allSaved(page);
});

test("the answers of a closed tab are sent by another one", async () => {
  const staying = await profile.open(`${mock.url}/?code=x`);
  await allSaved(staying);
  mock.verdict = (_frame, socket) => (socket === mock.sockets[0] ? "saved" : "silent");
  const closing = await profile.open(mock.url);
  await study(closing, TITLE);
  await answerByKey(closing);
  await answerByKey(closing);
  await waiting(staying, 2);
  await until("the server saw them once", () => received().length === 2);
  await closing.close();
  await until("the other tab sent them", () => received().length === 4);
  assert.deepEqual(received().slice(2), received().slice(0, 2));
  await allSaved(staying);
});

test("a tab that is alive keeps its own answers, and a copied tab is another tab", async () => {
  mock.verdict = () => "silent";
  const one = await profile.open(`${mock.url}/?code=x`);
  await study(one, TITLE);
  await answerByKey(one);
  await until("the server has it", () => received().length === 1);
  await one.reload();
  await question(one);
  await one.evaluate(() => {
    globalThis.heard_here = 0;
    new BroadcastChannel("studyhall").onmessage = ({ data }) => (globalThis.heard_here += data.type === "here" ? 1 : 0);
  });
  const two = await profile.copyOf(one);
  await waiting(two, 1);
  await until("both study", () => mock.starts.length === 3);
  await until("the copy asked twice, and was answered", () => one.evaluate(() => globalThis.heard_here >= 2));
  assert.equal(received().length, 2, "the copy leaves a living tab's answer alone");
  const [before, after_reload, copy] = mock.starts.map(({ sitting }) => sitting);
  assert.equal(before, after_reload);
  assert.notEqual(copy, before);
  const instances = new Set(mock.sockets.map(({ hello }) => hello?.instance));
  assert.equal(instances.size, 2, "a reload keeps the tab's name, a copy has its own");
});

test("a wrong clock of the device does not reach the ids", async () => {
  mock.clock_ahead_ms = 3 * 86_400_000;
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  await answerByKey(page);
  await allSaved(page);
  const id = received()[0];
  const at = parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  assert.ok(Math.abs(at - Date.now() - mock.clock_ahead_ms) < 60_000);
});

test("on plain http from another machine the page works the same, by touch", async () => {
  await profile.close();
  profile = await browser.profile({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 780 } });
  const page = await profile.open(mock.url.replace("127.0.0.1", "studyhall.test") + "/?code=x");
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await study(page, TITLE);
  for (let n = 0; n < 3; n++) await answerByTouch(page);
  await allSaved(page);
  assert.equal(received().length, 3);
});

test("a browser without IndexedDB is told about, and answers are saved all the same", async () => {
  await profile.context.addInitScript(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.getByText("This browser cannot keep answers on the device").waitFor();
  await study(page, TITLE);
  await answerByKey(page);
  await allSaved(page);
  assert.equal((await tick(page)).text, "All 1 saved");
});
