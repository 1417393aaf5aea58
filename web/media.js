// Pictures and sounds of decks: a cookie lets them through, which a page asks for and renews. No token stands in an
// address.

/** So long before its end a session is renewed, in milliseconds. */
const BEFORE_END_MS = 5 * 60_000;
/** And so long after it could not be. */
const AGAIN_MS = 15_000;

export class MediaSession {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    this.timer = null;
    this.asking = null;
    // Such errors do not bubble.
    document.addEventListener("error", (event) => this.failed(event.target), true);
  }

  /** Begins a session, or renews it. */
  async begin() {
    this.asking ??= this.ask().finally(() => (this.asking = null));
    return this.asking;
  }

  async ask() {
    let again_ms = AGAIN_MS;
    try {
      const { expires_at } = await this.api.mediaSession();
      again_ms = Math.max(AGAIN_MS, expires_at - Date.now() - BEFORE_END_MS);
    } catch {
      // Cards are studied without their pictures meanwhile.
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.begin(), again_ms);
  }

  /** A picture that was asked for before there was a session, or after it ended, is asked for once more. */
  async failed(element) {
    const source = element?.getAttribute?.("src");
    if (!source?.startsWith("/media/") || element.dataset.again) return;
    element.dataset.again = "yes";
    await this.begin();
    element.setAttribute("src", source);
  }
}
