// What the page says and does when the connection ends in every way the protocol knows.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { allSaved, answerByKey, question, study, tickSays, waiting } from "../kit/learner.js";
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

const newest = () => mock.live.at(-1);

for (const code of [1011, 4400, 4407, 4408, 4409, 4410, 4411, 4412, 4499]) {
  test(`after close ${code} the page comes back by itself, to the same card`, async () => {
    const page = await profile.open(`${mock.url}/?code=x`);
    const card_id = await study(page, TITLE);
    newest().wire.close(code);
    await until("it came back", () => mock.starts.length === 2);
    assert.equal(await question(page), card_id);
    assert.equal(mock.starts[1].sitting, mock.starts[0].sitting);
  });
}

for (const [code, says, offers] of [
  [4500, "does not accept this token", "Go on"],
  [4503, "does not allow this", "Go on"],
  [4508, "do not speak the same language", "Reload"],
  [4510, "was replaced", "Go on here"],
  [4999, "for good", "Reload"],
]) {
  test(`after close ${code} the page stays away and says what to do`, async () => {
    const page = await profile.open(`${mock.url}/?code=x`);
    await study(page, TITLE);
    newest().wire.close(code);
    const banner = page.locator("#banners .banner", { hasText: says });
    await banner.getByRole("button", { name: offers, exact: true }).waitFor();
    await tickSays(page, "it is stopped", ({ state }) => state === "stopped");
    assert.equal(mock.sockets.length, 1);
  });
}

test("a replaced tab goes on when the learner says so", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  newest().wire.close(4510);
  await page.getByRole("button", { name: "Go on here" }).click();
  await until("it came back", () => mock.starts.length === 2);
  await answerByKey(page);
  await allSaved(page);
});

test("an expired sign-in takes a pasted token and goes on without losing an answer", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  newest().wire.close(4401);
  await page.getByLabel("New token").waitFor();
  await answerByKey(page);
  await waiting(page, 1);
  await page.getByLabel("New token").fill(tokenFor(USER_ID, Math.floor(Date.now() / 1000) + 7_200));
  await page.getByRole("button", { name: "Go on", exact: true }).click();
  await allSaved(page);
  assert.equal(mock.commands.length, 1);
});

test("a sign-in that is about to end is renewed on the same connection", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  newest().wire.send({ type: "error", code: "token_expiring", message: "soon" });
  await page.getByLabel("New token").fill("no token");
  await page.getByRole("button", { name: "Go on", exact: true }).click();
  await page.getByText("This is no token").waitFor();
  await page.getByLabel("New token").fill(tokenFor(USER_ID, Math.floor(Date.now() / 1000) + 7_200));
  await page.getByRole("button", { name: "Go on", exact: true }).click();
  await page.getByText("Your sign-in was renewed.").waitFor();
  await page.getByLabel("New token").waitFor({ state: "detached" });
  assert.equal(mock.sockets.length, 1);
});

test("a goodbye lets the last verdict come, then the page leaves and returns", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  mock.verdict = () => "silent";
  await answerByKey(page);
  await until("the answer came", () => mock.commands.length === 1);
  const { wire } = newest();
  wire.send({ type: "goodbye", reason: "restart", reconnect_after_ms: 300 });
  mock.verdict = () => "saved";
  wire.send({ type: "saved", seq: 1 });
  await until("it came back", () => mock.starts.length === 2);
  await allSaved(page);
  assert.equal(mock.commands.length, 1, "a saved answer is not sent again");
});

test("a server that goes silent is noticed after two heartbeats", async () => {
  mock.heartbeat_ms = 400;
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  await until("it came back", () => mock.starts.length >= 2);
});

test("decks that are refused at first come by themselves", async () => {
  profile.expectStatus(503);
  mock.faults = { decks: [503] };
  const page = await profile.open(`${mock.url}/?code=x`);
  await until("they were asked for", () => mock.faults.decks.length === 0);
  await study(page, TITLE);
});

test("decks come by themselves after a request that broke off", async () => {
  profile.expectConnectionTrouble();
  mock.faults = { due: [0] };
  const page = await profile.open(`${mock.url}/?code=x`);
  await until("what is due was asked for", () => mock.faults.due.length === 0);
  await study(page, TITLE);
});

test("a used sign-in link says so, and the address is clean", async () => {
  profile.expectStatus(401);
  mock.http_status = 401;
  const page = await profile.open(`${mock.url}/?code=old`);
  await page.getByLabel("Your token").waitFor();
  assert.notEqual(await page.getByRole("alert").first().textContent(), "");
  assert.equal(new URL(page.url()).search, "");
});

test("a token in the address signs in and leaves the address", async () => {
  const page = await profile.open(`${mock.url}/#token=${tokenFor()}`);
  await page.getByText("Mira").waitFor();
  assert.equal(new URL(page.url()).hash, "");
});

test("what changes elsewhere is said: answered, edited, deleted, taken over, a new day", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  const first = await study(page, TITLE);
  const socket = newest();
  const [one, two, three, four] = socket.held;
  assert.equal(first, one.card_id);
  socket.wire.send({ type: "changed", reason: "answered_elsewhere", drop: [one.card_id], left: { new: 11, learning: 0, review: 0 } });
  await page.getByText("answered on another device").waitFor();
  await page.waitForSelector(`.card[data-card-id="${two.card_id}"]`);
  socket.wire.send({ type: "changed", reason: "edited", drop: [], card: { ...two, front: "Capital of Perú" } });
  await page.getByText("Capital of Perú").waitFor();
  socket.wire.send({ type: "changed", reason: "deleted", drop: [two.card_id] });
  await page.waitForSelector(`.card[data-card-id="${three.card_id}"]`);
  socket.wire.send({ type: "changed", reason: "taken_over", drop: [three.card_id] });
  await page.getByText("went on to your other device").waitFor();
  await page.waitForSelector(`.card[data-card-id="${four.card_id}"]`);
  socket.wire.send({ type: "changed", reason: "new_day", drop: socket.held.map(({ card_id }) => card_id) });
  socket.wire.send({ type: "queue", new: 1, learning: 0, review: 6, decks: [] });
  socket.wire.send({ type: "card", ...one, left: { new: 1, learning: 0, review: 6 } });
  await page.getByText("A new study day has begun.").waitFor();
  await page.waitForSelector(`.card[data-card-id="${one.card_id}"]`);
  assert.equal(await page.textContent("[data-count=review]"), "6");
});

test("cards that another device holds are said, and follow by themselves", async () => {
  const page = await profile.open(`${mock.url}/?code=x`);
  await study(page, TITLE);
  const socket = newest();
  const card = socket.held[0];
  socket.wire.send({ type: "changed", reason: "taken_over", drop: socket.held.map(({ card_id }) => card_id) });
  socket.wire.send({ type: "done", sitting: socket.sitting, answered: 0, cards: 0, correct: 0, elapsed_ms: 0, next_due_at: null, held_elsewhere: 3 });
  await page.getByText("holds 3 cards").waitFor();
  socket.wire.send({ type: "card", ...card });
  assert.equal(await question(page), card.card_id);
});
