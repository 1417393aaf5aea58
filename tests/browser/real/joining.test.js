// Joining a lesson by its code at the real server: a guest in one browser, the teacher in another.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { allSaved, answerByKey } from "../kit/learner.js";
import { Server, tell } from "../kit/server.js";
import { names, press } from "../kit/teacher.js";

const ORG = "00000000-0000-4000-8000-0000000000aa";
const TEACHER = "00000000-0000-4000-8000-0000000000b1";

let browser, server, desk, page, class_id, code;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  desk = await browser.profile({ viewport: { width: 1280, height: 900 } });
  page = await desk.open(await server.signInAs("teacher", TEACHER, ORG));
  await page.waitForSelector(".home");
  const { deck_id } = await tell(page, "POST", "decks", { title: "Capitals", visibility: "class" });
  await tell(page, "POST", `decks/${deck_id}/cards/bulk`, { cards: [{ front: "France", back: "Paris" }, { front: "Peru", back: "Lima" }] });
  ({ class_id } = await tell(page, "POST", "classes", { title: "7b" }));
  await tell(page, "PUT", `classes/${class_id}/decks/${deck_id}`);
  await page.goto(`${server.url}/#/class/${class_id}/live`);
  await press(page, "Start the lesson");
  await page.getByRole("button", { name: "Let people join by a code" }).click();
  await page.waitForSelector(".join-code:visible");
  code = await page.textContent(".join-code");
});
after(async () => {
  try {
    await desk?.close();
  } finally {
    await browser?.close();
    await server?.stop();
  }
});

/** The page of somebody who joins under this name, and `by` this PIN where one is asked for. */
async function join(profile, name, by = null) {
  const their = await profile.open(`${server.url}/j/${code.toLowerCase()}`);
  await their.getByLabel("Your name").fill(name);
  await their.getByRole("button", { name: "Join", exact: true }).click();
  if (by === null) return their;
  await their.getByLabel("Your PIN").fill(by);
  await their.getByRole("button", { name: "Join", exact: true }).click();
  return their;
}

let pin, device, guest;

test("a guest joins, is let in, studies, and stands in the teacher's grid", async () => {
  device = await browser.profile();
  guest = await join(device, "Ada");
  await guest.waitForSelector(".pin:visible");
  pin = await guest.textContent(".pin");
  assert.match(pin, /^\d{4}$/);
  await guest.getByRole("button", { name: "I have written it down" }).click();
  await guest.getByText("Your teacher will let you in.").waitFor();
  await page.getByRole("button", { name: "Let Ada in" }).click();
  await guest.waitForSelector(".study .card:visible");
  await answerByKey(guest, 4);
  await allSaved(guest);
  await until("the teacher sees it", async () => (await names(page)).join() === "Ada" && (await page.textContent("[data-total=answered]")) === "1");
});

test("what the teacher does is seen on the guest's page: words, a pause, a question before all cards, its close", async () => {
  await page.getByLabel("Message to all").fill("Good morning");
  await page.getByRole("button", { name: "Send" }).click();
  await guest.getByText("Your teacher: Good morning").waitFor();
  await press(page, "Pause");
  await guest.getByText("Your teacher has paused the lesson.").waitFor();
  await press(page, "Go on");
  await guest.waitForSelector(".study .card:visible");
  await page.getByText("Ask a card").click();
  await page.getByLabel("Time to answer").selectOption("15");
  await page.locator(".live-ask").getByRole("button", { name: "Ask: Peru", exact: true }).click();
  await guest.getByText("A question to the whole class").waitFor();
  await guest.locator(".card .front").getByText("Peru").waitFor();
  await answerByKey(guest, 4);
  await guest.getByText("Your answer is in.").waitFor();
  await page.getByText("1 vote of 1 here, 1 right").waitFor();
  await guest.getByText("The question is closed.").waitFor();
  await page.getByRole("button", { name: "Take the question away" }).click();
  await guest.getByText("The question is closed.").waitFor({ state: "hidden" });
  await device.close();
});

test("on another device name and PIN bring the same guest back, and no other PIN does", async () => {
  const profile = await browser.profile();
  for (const status of [409, 403]) profile.expectStatus(status);
  const wrong = pin === "0000" ? "0001" : "0000";
  const again = await join(profile, "ada", wrong);
  await again.getByText("do not belong together").waitFor();
  await again.getByLabel("Your PIN").fill(pin);
  await again.getByRole("button", { name: "Join", exact: true }).click();
  await again.waitForSelector(".study");
  await until("it is the same guest", async () => (await names(page)).join() === "Ada");
  await profile.close();
});

test("after the end the code leads nowhere", async () => {
  await press(page, "End the lesson");
  await page.getByText("That was the lesson").waitFor();
  const profile = await browser.profile();
  profile.expectStatus(401);
  const late = await join(profile, "Blaise");
  await late.getByText("ask the teacher for the code").waitFor();
  await profile.close();
});
