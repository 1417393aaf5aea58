// Texts of cards that are only known by their ids: asked for once, a few at a time, and kept while the page is there.

/** Requests at the same time, and texts that are kept. */
const AT_ONCE = 4;
const KEPT = 2_000;

export class CardTexts {
  /**
   * @param {import("./api.js").Api} api
   * @param {() => void} onText called when a text has come
   */
  constructor(api, onText) {
    this.api = api;
    this.onText = onText;
    this.known = new Map();
    this.wanted = [];
    this.asking = 0;
  }

  /** `{front, back}` as HTML, or null while it is not there; then it is asked for. */
  of(deck_id, card_id) {
    const known = this.known.get(card_id);
    if (known !== undefined) return known;
    this.put(card_id, null);
    this.wanted.push({ deck_id, card_id });
    this.ask();
    return null;
  }

  /** The card's front as plain text, or a placeholder. */
  front(deck_id, card_id) {
    return plainText(this.of(deck_id, card_id)?.front) || "a card";
  }

  put(card_id, texts) {
    this.known.set(card_id, texts);
    if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value);
  }

  async ask() {
    if (this.asking >= AT_ONCE) return;
    this.asking += 1;
    for (let next = this.wanted.shift(); next; next = this.wanted.shift()) {
      const { deck_id, card_id } = next;
      const found = await this.api.card(deck_id, card_id).catch(() => null);
      // A card that cannot be read is asked for again when somebody looks at it the next time.
      if (found === null) {
        this.known.delete(card_id);
        continue;
      }
      this.put(card_id, found.card);
      this.onText();
    }
    this.asking -= 1;
  }
}

/** What an HTML text shows, on one line. The server has sanitised it, and nothing of it is loaded or run here. */
export function plainText(html) {
  if (!html) return "";
  const text = new DOMParser().parseFromString(html, "text/html").body.textContent;
  return text.replace(/\s+/g, " ").trim();
}
