// A live lesson at the real server: a teacher in a real Chromium, thirty learners beside it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { Learner } from "../kit/crowd.js";
import { Server, ask, tell } from "../kit/server.js";
import { names, press, tile } from "../kit/teacher.js";

const ORG = "00000000-0000-4000-8000-0000000000aa";
const TEACHER = "00000000-0000-4000-8000-0000000000b1";
const LEARNERS = 30;
const idOf = (at) => `00000000-0000-4000-8000-0000000100${String(at).padStart(2, "0")}`;
const nameOf = (at) => `Pupil ${String(at + 1).padStart(2, "0")}`;

let browser, server, profile, page, class_id, deck_id, crowd;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  profile = await browser.profile({ viewport: { width: 1280, height: 900 } });
  page = await profile.open(await server.signInAs("teacher", TEACHER, ORG));
  await page.waitForSelector(".home");
  await prepare();
});
after(async () => {
  crowd?.forEach((learner) => learner.end());
  try {
    await profile?.close();
  } finally {
    await browser?.close();
    await server?.stop();
  }
});

/** A deck, a class that has it, thirty students at their devices, and the teacher's page of the live lesson. */
async function prepare() {
  ({ deck_id } = await tell(page, "POST", "decks", { title: "Capitals", visibility: "class" }));
  const cards = Array.from({ length: 40 }, (_, at) => ({ front: `Question ${at + 1}`, back: `Answer ${at + 1}` }));
  await tell(page, "POST", `decks/${deck_id}/cards/bulk`, { cards });
  ({ class_id } = await tell(page, "POST", "classes", { title: "7b" }));
  await tell(page, "PUT", `classes/${class_id}/decks/${deck_id}`);
  crowd = [];
  for (let at = 0; at < LEARNERS; at++) {
    const address = new URL(await server.signInAs("learner", idOf(at), ORG, nameOf(at)));
    const learner = new Learner({ url: server.url, token: address.hash.slice("#token=".length), name: nameOf(at) });
    crowd.push(learner);
  }
  // Whom a valid token has shown once can be enrolled.
  for (const learner of crowd) {
    await fetch(`${server.url}/api/v1/me`, { headers: { Authorization: `Bearer ${learner.token}` } });
  }
  for (let at = 0; at < LEARNERS; at++) await tell(page, "PUT", `classes/${class_id}/students/${idOf(at)}`);
  await Promise.all(crowd.map((learner) => learner.begin()));
  await page.goto(`${server.url}/#/class/${class_id}/live`);
  await page.waitForSelector('.live-mark[data-live="yes"]');
}

const total = (name) => page.textContent(`[data-total=${name}]`);
const everybody = (check) => crowd.every((learner) => check(learner.document));

test("thirty learners stand in the grid, and what they answer is shown while they answer", async () => {
  assert.equal((await names(page)).length, LEARNERS);
  await press(page, "Start the lesson");
  await page.getByText("The lesson is on").waitFor();
  await until("everybody knows of the lesson", () => everybody((document) => document?.state === "open"));
  for (let round = 0; round < 4; round++) {
    crowd.forEach((learner, at) => learner.answer(at < 3 ? 1 : 4));
    await Promise.all(crowd.map((learner) => learner.settled()));
    await until("each has a further card", () => crowd.every(({ held }) => held.length > 0));
  }
  await until("all answers are counted", async () => (await total("answered")) === String(4 * LEARNERS));
  assert.equal(await total("here"), `${LEARNERS} of ${LEARNERS}`);
  await tile(page, idOf(0)).getByText("4 wrong in a row").waitFor();
  assert.match(await tile(page, idOf(5)).textContent(), /Pupil 06here4 answers · 100 % right/);
});

test("a pause and a message reach everybody", async () => {
  await press(page, "Pause");
  await until("it is paused for all", () => everybody(({ state }) => state === "paused"));
  await press(page, "Go on");
  await page.getByLabel("Message to all").fill("Look at the board, please.");
  await page.getByRole("button", { name: "Send" }).click();
  await until("all see it", () => everybody(({ state, message }) => state === "open" && message === "Look at the board, please."));
});

test("a question comes to everybody, the votes come live, and when it is closed a second vote stands beside the first", async () => {
  await page.getByText("Ask a card").click();
  await page.getByLabel("Time to answer").selectOption("300");
  await page.locator(".live-ask").getByLabel("Words on the card").fill("33");
  await page.locator(".live-ask").getByRole("button", { name: "Ask: Question 33", exact: true }).click();
  await until("all are asked", () => everybody(({ ask: asked }) => Boolean(asked)));
  const { card_id } = crowd[0].document.ask;
  await until("all hold the card", () => crowd.every(({ held }) => held.some((card) => card.card_id === card_id)));
  crowd.forEach((learner, at) => learner.answer(at % 3 === 0 ? 1 : 4, card_id));
  await page.getByText(`${LEARNERS} votes of ${LEARNERS} here, 20 right`).waitFor();
  await page.getByRole("button", { name: "Close the vote" }).click();
  await until("it is closed for all", () => everybody(({ ask: asked }) => asked && asked.closes_at < Date.now()));
  await page.getByRole("button", { name: "Vote again" }).click();
  await until("all are asked again", () => everybody(({ ask: asked }) => asked && asked.closes_at > Date.now()));
  await until("both votes are shown", async () => (await page.locator(".histogram thead th").count()) === 3);
  await page.getByRole("button", { name: "Take the question away" }).click();
  await until("nobody is asked", () => everybody(({ ask: asked }) => !asked));
});

test("a warm-up says why there is none: everybody has learned all of it today", async () => {
  await page.getByText("Assign a deck or cards").click();
  await page.getByRole("button", { name: "Start it" }).click();
  await page.getByText("The warm-up was refused: nobody who is there would remember more by a review of these cards").waitFor();
});

test("the last hour is there for who opens the page late", async () => {
  const answered = Number(await total("answered"));
  await page.reload();
  await page.waitForSelector('.live-mark[data-live="yes"]');
  await until("all answers are in the chart", async () => (await page.locator(".chart svg").getAttribute("aria-label"))?.includes(`: ${answered} in all`));
});

test("names are hidden on the wire, and a teacher who drops comes back to the same figures", async () => {
  const before = await total("answered");
  await press(page, "Hide names");
  await until("no name is there", async () => (await names(page)).every((name) => name.startsWith("Student ")));
  assert.equal((await page.content()).includes("Pupil "), false);
  await page.reload();
  await page.waitForSelector('.live-mark[data-live="yes"]');
  await until("the figures are there", async () => (await total("answered")) === before);
  await press(page, "Show names");
  await until("names are back", async () => (await names(page)).every((name) => name.startsWith("Pupil ")));
});

test("a student who leaves is shown so, and one who is removed is not shown", async () => {
  crowd[29].end();
  await tile(page, idOf(29)).getByText("not here").waitFor();
  await tile(page, idOf(28)).click();
  await page.getByRole("button", { name: "Remove from the lesson" }).click();
  await tile(page, idOf(28)).waitFor({ state: "detached" });
});

test("the end names whom to talk to, and the report is kept", async () => {
  await press(page, "End the lesson");
  await page.getByText("That was the lesson").waitFor();
  await page.locator("[data-end=talk]").getByText("Pupil 01").waitFor();
  const lessons = await until("the report is stored", async () => {
    const found = await ask(page, `classes/${class_id}/lessons`);
    return found.items?.length === 1 ? found.items : null;
  });
  const report = await ask(page, `classes/${class_id}/lessons/${lessons[0].lesson_id}`);
  assert.ok(report.students.length >= LEARNERS - 1);
  await page.getByRole("link", { name: "All lessons of the class" }).click();
  await page.locator(".class-lessons li").first().waitFor();
});
