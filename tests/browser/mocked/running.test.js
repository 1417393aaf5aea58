// Who runs a class beside its teacher, who stands in, what a guest did, and homework for some, against a pretended server.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { LINK } from "../mock/classes.js";
import { CLASS_ID, MockLesson, studentId } from "../mock/lesson.js";
import { DECK_ID, MockServer, USER_ID } from "../mock/server.js";

const GRACE = "0190c0de-0000-7000-8000-00000000000a";
const OTHER = "0190c0de-0000-7000-8000-00000000000b";
let browser, mock, profile;

before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(async () => {
  mock = await new MockServer().listen();
  mock.role = "teacher";
  mock.lesson = new MockLesson({ students: 3 });
  profile = await browser.profile();
});
afterEach(async () => {
  try {
    await profile.close();
  } finally {
    await mock.close();
  }
});

async function openClass(hash = `#/class/${CLASS_ID}`) {
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.waitForSelector(".deck");
  await page.evaluate((to) => (location.hash = to), hash);
  return page;
}

test("a teacher names another by the user id or the login, sees why not, and takes one away", async () => {
  mock.people = [{ user_id: GRACE, login: "grace", email: "grace@school.example" }];
  mock.refuses = OTHER;
  profile.expectStatus(422);
  const page = await openClass();
  await page.getByText("Teachers", { exact: true }).click();
  await page.getByText("Nobody teaches this class beside its teacher.").waitFor();
  const who = page.getByLabel("Another teacher: user id, e-mail or login");
  const name = page.getByRole("button", { name: "Name", exact: true });
  await who.fill("nobody");
  await name.click();
  await page.getByText("You see nobody of this e-mail or login.", { exact: false }).waitFor();
  assert.equal(mock.teachers, undefined);
  await who.fill(OTHER);
  await name.click();
  await page.getByText("is another person with an account that may teach", { exact: false }).waitFor();
  await who.fill("grace");
  await name.click();
  await page.locator(`.class-teachers li[data-user-id="${GRACE}"]`).waitFor();
  assert.equal(await who.inputValue(), "");
  await page.getByRole("button", { name: "Take away Grace" }).click();
  await page.getByText("Nobody teaches this class beside its teacher.").waitFor();
  await who.fill("grace@school.example");
  await name.click();
  await until("she is named by her address", () => mock.teachers.length === 1);
});

test("a further teacher runs the class and names nobody; an administrator reads it and does not watch", async () => {
  [mock.teacher_id, mock.teachers] = [GRACE, [{ user_id: USER_ID, name: "Mira" }]];
  const page = await openClass();
  await page.getByText("Teachers", { exact: true }).click();
  await page.locator(".class-teachers").getByText("Mira", { exact: true }).waitFor();
  assert.equal(await page.getByLabel("Another teacher", { exact: false }).isVisible(), false);
  assert.equal(await page.getByRole("button", { name: "Take away Mira" }).count(), 0);
  await page.getByRole("link", { name: "Live lesson" }).first().waitFor();
  [mock.role, mock.teachers] = ["admin", []];
  await page.reload();
  await page.getByText("You read this class as an administrator.", { exact: false }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Live lesson" }).isVisible(), false);
  await page.getByText("Teachers", { exact: true }).click();
  await page.getByLabel("Another teacher", { exact: false }).waitFor();
});

test("a further teacher sees what the decks of the class are called that are none of theirs", async () => {
  [mock.teacher_id, mock.teachers] = [GRACE, [{ user_id: USER_ID, name: "Mira" }]];
  [mock.class_decks, mock.class_only] = [[DECK_ID, OTHER], [{ deck_id: OTHER, title: "Rivers of Graces" }]];
  const page = await openClass();
  await page.locator(".class-decks").getByRole("link", { name: "Rivers of Graces" }).waitFor();
});

test("who runs a class sees its guests, and gives one of them another PIN that is shown once", async () => {
  const guest = (name_id, name, more = {}) => ({ name_id, user_id: name_id, name, joined_at: 1_700_000_000_000, enrolled: true, claimed_by: null, ...more });
  mock.guests = [guest(GRACE, "Ada"), guest(OTHER, "Ben", { enrolled: false, claimed_by: USER_ID })];
  const page = await openClass();
  await page.getByText("Guests", { exact: true }).click();
  await page.locator(`.class-guests li[data-name-id="${OTHER}"]`).getByText("has an account now").waitFor();
  assert.equal(await page.getByRole("button", { name: "Give a new PIN to Ben" }).count(), 0);
  await page.getByRole("button", { name: "Give a new PIN to Ada" }).click();
  await page.getByText("The new PIN of Ada is 0042. It is shown only now.").waitFor();
  assert.deepEqual(mock.renewed, [GRACE]);
});

test("a link for a substitute is shown once, and taken back", async () => {
  const page = await openClass();
  await page.getByText("Substitutes", { exact: true }).click();
  await page.getByText("Nobody stands in.", { exact: false }).waitFor();
  await page.getByRole("textbox", { name: "Who stands in" }).fill("Mr Fermat");
  await page.getByLabel("For so many minutes").fill("45");
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = page.getByLabel("The link: it is shown only now");
  await link.waitFor();
  assert.equal(await link.inputValue(), `${mock.url}/#stand-in=${LINK}`);
  assert.ok(Math.abs(mock.substitutes[0].until - Date.now() - 45 * 60_000) < 60_000);
  await page.locator(".class-substitutes").getByText("Mr Fermat", { exact: true }).waitFor();
  await page.reload();
  await page.getByText("Substitutes", { exact: true }).click();
  await page.locator(".class-substitutes").getByText("Mr Fermat", { exact: true }).waitFor();
  assert.equal(await link.isVisible(), false, "it is shown once");
  await page.getByRole("button", { name: "Take back the link of Mr Fermat" }).click();
  await page.getByText("Nobody stands in.", { exact: false }).waitFor();
});

test("whoever stands in opens the link, watches and steers, and asks nothing else of the server", async () => {
  const asked = [];
  mock.server.on("request", ({ url }) => url.startsWith("/api/") && asked.push(url));
  const page = await profile.open(`${mock.url}/#stand-in=${LINK}`);
  await page.waitForSelector('.live-mark[data-live="yes"]');
  assert.equal(mock.lesson.sockets[0].hello.token, LINK);
  await page.locator(".tile").first().waitFor();
  await page.getByRole("button", { name: "Start the lesson" }).click();
  await page.getByText("The lesson is on").waitFor();
  mock.lesson.step({ cards: [{ deck_id: DECK_ID, card_id: mock.cards[0].card_id, answers: 5, wrong: 4, recall: null, as_of: 1 }] });
  await page.getByRole("button", { name: "Ask all" }).click();
  await until("it is asked", () => mock.lesson.commands.some(({ frame }) => frame.type === "ask"));
  assert.equal(await page.getByText("Assign a deck or cards").isVisible(), false);
  assert.deepEqual(asked, []);
});

test("what a guest did is made one's own after a second question, and a wrong PIN is said", async () => {
  mock.role = "learner";
  const page = await openClass(`#/claim/${CLASS_ID}`);
  profile.expectStatus(403);
  // Dialogs are accepted here; the first one asks in vain.
  const questions = [];
  page.removeAllListeners("dialog");
  page.on("dialog", (dialog) => questions.push(dialog.message()) === 1 ? dialog.dismiss() : dialog.accept());
  await page.getByLabel("Your name as a guest").fill("Mouse");
  await page.getByLabel("The guest's PIN").fill("1111");
  const claim = page.getByRole("button", { name: "Make it mine" });
  await claim.click();
  await until("it is asked whether that is meant", () => questions.length === 1);
  assert.match(questions[0], /cannot be taken back/);
  assert.equal(mock.claims, undefined, "it was not meant so");
  await claim.click();
  await page.getByText("The name and the PIN do not belong together.").waitFor();
  await page.getByLabel("The guest's PIN").fill("0042");
  await claim.click();
  await page.getByText("Done: 3 entries of “Mouse” are yours now.").waitFor();
  assert.deepEqual(mock.claims.at(-1), { class_id: CLASS_ID, name: "Mouse", pin: "0042" });
});

test("homework is set for some cards and some students, and the next one for all again", async () => {
  const page = await openClass();
  await page.locator(".class-homework > summary").click();
  await page.getByText("Only some cards of it").click();
  await page.locator(".class-homework").getByRole("button", { name: "Add: Capital of Peru", exact: true }).click();
  await page.locator(".class-homework").getByRole("button", { name: "Add: Capital of Kenya", exact: true }).click();
  await page.getByRole("button", { name: "Remove Capital of Kenya" }).click();
  await page.getByText("Only for some students").click();
  await page.getByRole("checkbox", { name: "Blaise" }).check();
  await page.getByRole("button", { name: "Set it" }).click();
  await until("it is set", () => mock.homework?.length === 1);
  assert.deepEqual([mock.homework[0].cards, mock.homework[0].to], [[mock.cards[1].card_id], [studentId(1)]]);
  await page.getByText(/Capitals of the world, 1 card, for 1 student, due/).waitFor();
  await page.getByRole("button", { name: "Set it" }).click();
  await until("another is set", () => mock.homework?.length === 2);
  assert.deepEqual([mock.homework[0].cards, mock.homework[0].to], [[], []]);
});
