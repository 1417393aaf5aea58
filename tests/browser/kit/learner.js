// What a learner does with the page, in a learner's words.

import { until } from "./chromium.js";

/** The id of the card on screen, once there is one whose answer is hidden. */
export async function question(page) {
  await page.waitForSelector(".show-answer:not([hidden])");
  return page.getAttribute(".card", "data-card-id");
}

/** Whether this card is on screen, turned: its grade is waited for. */
const waitsForGrade = (page, card_id) =>
  page.evaluate((id) => {
    const card = document.querySelector(".card");
    return card?.dataset.cardId === id && document.querySelector(".grades:not([hidden])") !== null;
  }, card_id);

/**
 * Answers the card on screen by keys. Returns its id.
 *
 * A page that is just coming back gets its cards anew: a key that falls between `queue` and `card` meets no card, and
 * a learner presses it again.
 */
export async function answerByKey(page, grade = 5) {
  const card_id = await question(page);
  await until("the card is turned", async () => {
    if (await page.isVisible(".grades")) return true;
    if (await page.isVisible(".show-answer")) await page.keyboard.press(" ");
    return page.isVisible(".grades");
  });
  await page.keyboard.press(String(grade));
  await until("the grade is taken", async () => {
    if (!(await waitsForGrade(page, card_id))) return true;
    await page.keyboard.press(String(grade));
    return false;
  });
  return card_id;
}

export async function answerByTouch(page, grade = 5) {
  const card_id = await question(page);
  await page.tap(".card");
  await page.tap(`.grade[data-grade="${grade}"]`);
  return card_id;
}

/** What the honest tick says: `{state, text, unsaved}`. */
export function tick(page) {
  return page.$eval("#tick", (tick) => ({ state: tick.dataset.state, text: tick.textContent, unsaved: Number(tick.dataset.unsaved) }));
}

export async function tickSays(page, what, check) {
  await page.waitForSelector("#tick", { state: "attached" });
  return until(what, async () => {
    const now = await tick(page);
    return check(now) ? now : null;
  });
}

export const allSaved = (page) => tickSays(page, "all is saved", ({ state, unsaved }) => state === "saved" && unsaved === 0);
export const waiting = (page, count) => tickSays(page, `${count} answers wait`, ({ unsaved }) => unsaved === count);

/** Opens a deck of the list by its title and waits for its first card. */
export async function study(page, title) {
  await page.getByLabel(`Study ${title}`, { exact: true }).click();
  return question(page);
}

/** Drops a file on the page. */
export async function dropFile(page, name, text, type = "text/csv") {
  const transfer = await page.evaluateHandle(
    ([file_name, content, media_type]) => {
      const data = new DataTransfer();
      data.items.add(new File([content], file_name, { type: media_type }));
      return data;
    },
    [name, text, type],
  );
  for (const event of ["dragenter", "dragover", "drop"]) await page.dispatchEvent("main", event, { dataTransfer: transfer });
}
