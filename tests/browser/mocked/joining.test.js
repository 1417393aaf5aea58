// Joining a lesson by its code, and letting people in, against a pretended server.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { press, watch } from "../kit/teacher.js";
import { MockServer } from "../mock/server.js";

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

const opened = (admission) => Object.assign(mock.joining, { code: "ACDE34", admission });

async function join(name, code = "ACDE34") {
  const page = await profile.open(`${mock.url}/j/${code}`);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Join", exact: true }).click();
  return page;
}

test("who joins is told the PIN once, waits, and studies as soon as the teacher lets them in", async () => {
  opened("lobby");
  const page = await join("Ada", "acde-34");
  assert.equal(await page.textContent(".pin"), "0042");
  await page.getByRole("button", { name: "I have written it down" }).click();
  await page.getByText("Your teacher will let you in.").waitFor();
  assert.equal((await page.content()).includes("Capital of"), false);
  mock.joining.waiting.clear();
  await page.waitForSelector(".study .card");
  assert.equal(new URL(page.url()).pathname, "/");
  assert.equal(mock.live.at(-1).hello.token.split(".").length, 3);
});

test("where the code lets people in at once, nobody waits", async () => {
  opened("open");
  const page = await join("Ada");
  await page.getByRole("button", { name: "I have written it down" }).click();
  await page.waitForSelector(".study .card");
});

test("a name that is taken asks for the PIN, a wrong one is refused, the right one comes back", async () => {
  opened("open");
  mock.joining.guests.set("Ada", "0042");
  for (const status of [409, 403]) profile.expectStatus(status);
  const page = await join("Ada");
  await page.getByText("Somebody of this class has this name").waitFor();
  await page.getByLabel("Your PIN").fill("1111");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.getByText("do not belong together").waitFor();
  await page.getByLabel("Your PIN").fill("0042");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.waitForSelector(".study .card");
});

test("who is turned away is told so", async () => {
  opened("lobby");
  const page = await join("Ada");
  await page.getByRole("button", { name: "I have written it down" }).click();
  await page.getByText("Your teacher will let you in.").waitFor();
  mock.joining.guests.clear();
  mock.joining.waiting.clear();
  await page.getByText("You were not let in").waitFor();
});

test("a wrong code and a locked lesson say what to do", async () => {
  opened("locked");
  for (const status of [401, 403]) profile.expectStatus(status);
  const wrong = await join("Ada", "WRONG4");
  await wrong.getByText("ask the teacher for the code").waitFor();
  const locked = await join("Ada");
  await locked.getByText("closed to newcomers").waitFor();
});

test("a teacher shows the code, lets one in, turns one away, and locks", async () => {
  const page = await watch(profile, mock, { lesson: LESSON });
  await page.getByRole("button", { name: "Let people join by a code" }).click();
  await page.getByText("ACDE34", { exact: true }).waitFor();
  assert.match(await page.textContent(".join-address"), /\/j\/ACDE34$/);
  await page.getByText("Nobody is waiting.").waitFor();
  mock.joining.waiting.set("u1", "Ada").set("u2", "Blaise");
  await page.getByText("2 people waiting.").waitFor();
  await page.getByRole("button", { name: "Let Ada in" }).click();
  await until("Ada is in", () => !mock.joining.waiting.has("u1"));
  await page.getByRole("button", { name: "Turn Blaise away" }).click();
  await page.getByText("Nobody is waiting.").waitFor();
  await page.getByLabel("Who has the code").selectOption("locked");
  await until("it is locked", () => mock.joining.admission === "locked");
  await page.getByRole("button", { name: "Take the code back" }).click();
  await page.getByRole("button", { name: "Let people join by a code" }).waitFor();
  await press(page, "End the lesson");
  await page.getByText("That was the lesson").waitFor();
  assert.equal(await page.isVisible(".live-lobby"), false);
});
