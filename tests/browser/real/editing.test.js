// Changing cards, decks and one's own day on the page.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { dropFile, question } from "../kit/learner.js";
import { Server, ask } from "../kit/server.js";

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

/** A learner on the page of a deck that was made of these rows. */
async function deckPage(rows) {
  const page = await profile.open((await server.signIn("learner")).href);
  await page.waitForSelector(".deck");
  await dropFile(page, "rivers.csv", rows);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("link", { name: "See the cards" }).click();
  await page.waitForSelector(".cards li");
  return page;
}

const deckId = (page) => page.url().split("/").at(-1);
const cardsOf = async (page) => (await ask(page, `decks/${deckId(page)}/cards`)).items;

test("a card is edited in its place, by the keyboard alone", async () => {
  const page = await deckPage("front,back,hint,tags\nNile,Africa,long,geo\nAmazon,America,,geo\n");
  const before = await cardsOf(page);
  await page.getByRole("button", { name: "Edit this card" }).first().press("Enter");
  const form = page.getByRole("form", { name: "Edit the card" });
  assert.equal(await form.getByLabel("Front").inputValue(), "Nile");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Nile & <White Nile>");
  await form.getByLabel("Hint").fill("");
  await form.getByLabel("Tags").fill("geo africa");
  await form.getByRole("button", { name: "Save", exact: true }).press("Enter");
  await page.getByText("The card was changed.").waitFor();
  assert.equal(await page.locator(".cards li").first().locator(".card-html").first().textContent(), "Nile & <White Nile>");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Edit this card");
  const [changed, other] = await cardsOf(page);
  assert.equal(changed.card_id, before[0].card_id);
  assert.deepEqual([changed.front, changed.back, changed.hint, changed.tags], ["Nile &amp; &lt;White Nile&gt;", "Africa", null, ["geo", "africa"]]);
  assert.deepEqual(other, before[1]);
});

test("a card with markup is edited as the HTML that it is, and Escape leaves it alone", async () => {
  const page = await deckPage("#html:true\nfront,back\n<b>Nile</b>,Africa\n");
  await page.getByRole("button", { name: "Edit this card" }).click();
  const front = page.getByLabel("Front (HTML)");
  assert.equal(await front.inputValue(), "<b>Nile</b>");
  await front.fill("gone");
  await page.keyboard.press("Escape");
  await page.locator(".cards li b", { hasText: "Nile" }).waitFor();
  await page.getByRole("button", { name: "Edit this card" }).click();
  await page.getByLabel("Front (HTML)").fill("<i>Nile</i><script>alert(1)</script>");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".cards li i", { hasText: "Nile" }).waitFor();
  assert.equal((await cardsOf(page))[0].front, "<i>Nile</i>");
});

test("an edit does not silently undo what somebody else has changed meanwhile", async () => {
  const page = await deckPage("front,back\nNile,Africa\n");
  await page.getByRole("button", { name: "Edit this card" }).click();
  const second = await profile.copyOf(page);
  await second.getByRole("button", { name: "Edit this card" }).click();
  await second.locator(".editing").getByLabel("Back").fill("Egypt");
  await second.getByRole("button", { name: "Save", exact: true }).click();
  await second.getByText("The card was changed.").waitFor();
  profile.expectStatus(412);
  await page.locator(".editing").getByLabel("Back").fill("Sudan");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Somebody else changed this card meanwhile.").waitFor();
  assert.equal((await cardsOf(page))[0].back, "Egypt");
});

test("a learner who studies sees an edited card at once", async () => {
  const page = await deckPage("front,back\nNile,Africa\n");
  const studying = await profile.copyOf(page);
  await studying.getByRole("link", { name: "Study", exact: true }).click();
  await question(studying);
  await page.getByRole("button", { name: "Edit this card" }).click();
  await page.locator(".editing").getByLabel("Front").fill("Blue Nile");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await studying.locator(".card .front", { hasText: "Blue Nile" }).waitFor();
});

test("a deck's name, limits and drills are changed, and a value out of range is refused with a sentence", async () => {
  const page = await deckPage("front,back\n" + [..."abcdef"].map((letter) => `${letter},x\n`).join(""));
  await until("all are new", async () => (await page.locator(".counts .new").first().textContent()) === "6");
  await page.getByText("Settings of the deck").click();
  await page.getByLabel("Name", { exact: true }).fill("Great rivers");
  await page.getByLabel("New cards a day").fill("2");
  await page.getByLabel("Drill a card again").fill("3");
  await page.getByLabel("New cards come").selectOption("after");
  await page.getByLabel("Cards of one note rest").check();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved.", { exact: true }).waitFor();
  await page.getByRole("heading", { name: "Great rivers" }).waitFor();
  await until("the limit counts", async () => (await page.locator(".counts .new").first().textContent()) === "2");
  const { title, settings } = await ask(page, `decks/${deckId(page)}`);
  assert.deepEqual(
    [title, settings.new_per_day, settings.drill_until, settings.new_mix, settings.bury_siblings, settings.reviews_per_day],
    ["Great rivers", 2, 3, "after", true, 200],
  );
  profile.expectStatus(422);
  await page.getByLabel("Place (levels").fill("a::");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".settings .complaint", { hasText: "`path` is up to" }).waitFor();
});

test("the hour at which the day begins and the zone are set on the page of the decks", async () => {
  const page = await profile.open((await server.signIn("learner")).href);
  await page.getByText("My day").click();
  await page.getByLabel("A new study day begins at").fill("6");
  await page.getByLabel("Time zone").fill("Asia/Tokyo");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved.", { exact: true }).waitFor();
  const { rollover_hour, zone } = await ask(page, "me");
  assert.deepEqual([rollover_hour, zone], [6, "Asia/Tokyo"]);
  profile.expectStatus(422);
  await page.getByLabel("Time zone").fill("Nowhere/Atlantis");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".settings .complaint", { hasText: "Nowhere/Atlantis" }).waitFor();
});
