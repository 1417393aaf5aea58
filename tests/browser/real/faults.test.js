// The real server is killed, frozen and cut off: nothing acknowledged is lost, and every answer counts once.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { allSaved, answerByKey, question, tickSays, waiting } from "../kit/learner.js";
import { Proxy } from "../kit/proxy.js";
import { Server, history } from "../kit/server.js";

let browser, server, proxy, profile;

before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(async () => {
  server = await Server.start();
  proxy = await Proxy.start(server.url);
  profile = await browser.profile();
});
afterEach(async () => {
  try {
    await profile.close();
  } finally {
    await proxy.stop();
    await server.stop();
  }
});

/** Signs in by the way that can be cut, and waits for the first card. */
async function studyAll() {
  const page = await profile.open(proxy.through((await server.signIn("learner")).href));
  await page.waitForSelector(".deck");
  await page.getByRole("link", { name: "Study all" }).click();
  await question(page);
  return page;
}

async function countedOnce(page, answered) {
  await allSaved(page);
  const entries = (await history(page)).filter(({ kind }) => kind === "review");
  assert.deepEqual(entries.map(({ card_id }) => card_id), answered);
  assert.equal(new Set(entries.map(({ id }) => id)).size, answered.length);
}

test("answers that never reached the server survive a reload and are counted once", async () => {
  const page = await studyAll();
  const answered = [await answerByKey(page)];
  await allSaved(page);
  proxy.to_server = false;
  for (let n = 0; n < 3; n++) answered.push(await answerByKey(page));
  await waiting(page, 3);
  proxy.to_server = true;
  await page.reload();
  await countedOnce(page, answered);
});

test("answers whose verdict never came back survive a reload and are counted once", async () => {
  const page = await studyAll();
  proxy.to_client = false;
  const answered = [];
  for (let n = 0; n < 3; n++) answered.push(await answerByKey(page));
  await waiting(page, 3);
  await until("the server has them", async () => (await history(page)).length === 3);
  proxy.to_client = true;
  await page.reload();
  await countedOnce(page, answered);
});

test("a cut connection comes back by itself, to the card that was on screen", async () => {
  const page = await studyAll();
  profile.expectConnectionTrouble();
  const answered = [await answerByKey(page)];
  const on_screen = await question(page);
  proxy.cutSockets();
  await tickSays(page, "it noticed", ({ state }) => state !== "saved");
  await allSaved(page);
  assert.equal(await question(page), on_screen);
  answered.push(await answerByKey(page));
  await countedOnce(page, answered);
});

test("after kill -9 and a new start the page is back by itself, and nothing acknowledged is lost", async () => {
  const page = await studyAll();
  profile.expectConnectionTrouble();
  const answered = [];
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 3; n++) answered.push(await answerByKey(page));
    await allSaved(page);
    answered.push(await answerByKey(page));
    await server.kill();
    answered.push(await answerByKey(page));
    const says = await tickSays(page, "it is offline", ({ state }) => state === "offline");
    assert.match(says.text, /wait/);
    await server.run();
    await countedOnce(page, answered);
  }
});

test("a frozen server keeps nobody from answering, and wakes to every answer once", async () => {
  const page = await studyAll();
  server.freeze();
  const answered = [];
  for (let n = 0; n < 4; n++) answered.push(await answerByKey(page));
  await waiting(page, 4);
  server.thaw();
  await countedOnce(page, answered);
});

test("two tabs get different cards, and both are saved", async () => {
  const one = await studyAll();
  const two = await profile.open(proxy.through(server.url));
  await two.waitForSelector(".deck");
  await two.getByRole("link", { name: "Study all" }).click();
  const answered = [];
  for (let n = 0; n < 6; n++) {
    const [here, there] = [await question(one), await question(two)];
    assert.notEqual(here, there, "no card is held by both");
    answered.push(await answerByKey(one, 5), await answerByKey(two, 4));
  }
  await Promise.all([allSaved(one), allSaved(two)]);
  const entries = await history(one);
  assert.equal(entries.length, answered.length);
  assert.deepEqual(entries.map(({ card_id }) => card_id).sort(), answered.sort());
  assert.equal(new Set(answered).size, answered.length);
});

test("the unsaved answers of a tab that is closed are saved by the other tab", async () => {
  const staying = await studyAll();
  const closing = await profile.open(proxy.through(server.url));
  await closing.waitForSelector(".deck");
  await closing.getByRole("link", { name: "Study all" }).click();
  await question(closing);
  proxy.to_server = false;
  const answered = [await answerByKey(closing), await answerByKey(closing)];
  await waiting(staying, 2);
  await closing.close();
  proxy.to_server = true;
  await countedOnce(staying, answered);
});
