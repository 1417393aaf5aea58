// Who runs a class at the real server: a further teacher, somebody who stands in, an administrator; and what a guest did.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { Learner } from "../kit/crowd.js";
import { Server, ask, tell } from "../kit/server.js";
import { press } from "../kit/teacher.js";

const ORG = "00000000-0000-4000-8000-0000000000aa";
const TEACHER = "00000000-0000-4000-8000-0000000000b1";
const COLLEAGUE = "00000000-0000-4000-8000-0000000000b2";
const ADMIN = "00000000-0000-4000-8000-0000000000ad";
const LEARNER = "00000000-0000-4000-8000-0000000000c1";

let browser, server, class_id, deck_id, page;
const profiles = [];

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  page = await as("teacher", TEACHER, "Emmy");
  ({ deck_id } = await tell(page, "POST", "decks", { title: "Capitals", visibility: "org" }));
  await tell(page, "POST", `decks/${deck_id}/cards/bulk`, { cards: [{ front: "France", back: "Paris" }, { front: "Peru", back: "Lima" }] });
  ({ class_id } = await tell(page, "POST", "classes", { title: "7b" }));
  await tell(page, "PUT", `classes/${class_id}/decks/${deck_id}`);
  await page.goto(`${server.url}/#/class/${class_id}`);
});
after(async () => {
  try {
    for (const profile of profiles) await profile.close();
  } finally {
    await browser?.close();
    await server?.stop();
  }
});

/** The page of somebody who is signed in. */
async function as(role, user_id, name) {
  const profile = await browser.profile({ viewport: { width: 1280, height: 900 } });
  profiles.push(profile);
  const their = await profile.open(await server.signInAs(role, user_id, ORG, name));
  await their.waitForSelector(".home");
  return their;
}

test("a colleague is named by the user id that stands on the colleague's page, and runs the class", async () => {
  const colleague = await as("teacher", COLLEAGUE, "Grace");
  await colleague.getByRole("link", { name: "Classes", exact: true }).click();
  await colleague.getByText(`Your user id, by which others name you as a teacher of theirs: ${COLLEAGUE}`).waitFor();
  await page.getByText("Teachers", { exact: true }).click();
  await page.getByLabel("Another teacher: user id, e-mail or login").fill(COLLEAGUE);
  await page.getByRole("button", { name: "Name", exact: true }).click();
  await page.locator(`.class-teachers li[data-user-id="${COLLEAGUE}"]`).waitFor();
  await colleague.reload();
  await colleague.getByRole("link", { name: "7b", exact: false }).first().click();
  await colleague.getByRole("link", { name: "Live lesson" }).click();
  await colleague.waitForSelector('.live-mark[data-live="yes"]');
});

test("an administrator reads the class and finds no way into its lesson", async () => {
  const admin = await as("admin", ADMIN, "Ada");
  await admin.goto(`${server.url}/#/class/${class_id}`);
  await admin.getByText("You read this class as an administrator.", { exact: false }).waitFor();
  assert.equal(await admin.getByRole("link", { name: "Live lesson" }).isVisible(), false);
});

test("whoever has a link starts a lesson without an account, until it is taken back", async () => {
  await page.getByText("Substitutes", { exact: true }).click();
  await page.getByRole("textbox", { name: "Who stands in" }).fill("Mr Fermat");
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = page.getByLabel("The link: it is shown only now");
  await link.waitFor();
  const profile = await browser.profile();
  profiles.push(profile);
  profile.expectConnectionTrouble();
  const fermat = await profile.open(await link.inputValue());
  await fermat.waitForSelector('.live-mark[data-live="yes"]');
  await press(fermat, "Start the lesson");
  await fermat.getByText("The lesson is on").waitFor();
  await page.getByRole("button", { name: "Take back the link of Mr Fermat" }).click();
  await fermat.locator('.live-mark[data-live="stopped"]').waitFor();
});

test("what a guest did becomes that of the learner who claims it, and the learner takes the guest's place", async () => {
  const { code } = await tell(page, "PUT", `classes/${class_id}/lesson/code`, { admission: "open" });
  const guest = await page.evaluate(async (json) => (await fetch("/api/v1/join", { method: "POST", headers: { "Content-Type": "application/json" }, body: json })).json(), JSON.stringify({ code, name: "Mouse" }));
  const mouse = new Learner({ url: server.url, token: guest.token, name: "Mouse" });
  await mouse.begin();
  await until("the guest has a card", () => mouse.held.length > 0);
  mouse.answer(4);
  await mouse.settled();
  mouse.end();
  const learner = await as("learner", LEARNER, "Blaise");
  const path = await page.getByRole("link", { name: `#/claim/${class_id}`, exact: false }).getAttribute("href");
  await learner.goto(`${server.url}/${path}`);
  await learner.getByLabel("Your name as a guest").fill("Mouse");
  await learner.getByLabel("The guest's PIN").fill(guest.pin);
  await learner.getByRole("button", { name: "Make it mine" }).click();
  await learner.getByText(/Done: 1 entry of “Mouse” is yours now/).waitFor();
  const people = (await ask(page, `classes/${class_id}/students?limit=100`)).items;
  assert.deepEqual(people.map(({ user_id }) => user_id), [LEARNER]);
});

test("homework is set for one card and one student", async () => {
  await page.reload();
  await page.locator(".class-homework > summary").click();
  await page.getByLabel("Done when").selectOption("each_card");
  await page.getByText("Only some cards of it").click();
  await page.locator(".class-homework").getByRole("button", { name: "Add: Peru" }).click();
  await page.getByText("Only for some students").click();
  await page.getByRole("checkbox", { name: "Blaise" }).check();
  await page.getByRole("button", { name: "Set it" }).click();
  await page.getByText(/Capitals, 1 card, for 1 student, due .*: each card answered/).click();
  await page.locator(`.homework-list tr[data-user-id="${LEARNER}"]`).getByText("0 of 1").waitFor();
  const [set] = await until("it is kept", async () => (await ask(page, `classes/${class_id}/homework`)).items);
  assert.deepEqual([set.cards.length, set.to], [1, [LEARNER]]);
});
