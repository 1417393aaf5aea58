// The tabs of one browser, towards each other: who is alive, who has gone, and that the outbox changed.
// (Locks of the browser are not available on plain http; sending an entry twice is harmless, so asking is enough.)

import { isUuid, randomBytes, uuid4 } from "./ids.js";

const CHANNEL = "studyhall";
const INSTANCE_KEY = "studyhall.instance";
/** A tab that does not answer within this time does not send its entries either. */
export const ANSWER_LIMIT_MS = 700;

/**
 * The id of this running tab. It lives over a reload, yet a copied tab gets its own: while the page runs, the id is
 * only in memory.
 */
export function takeInstance(storage = sessionStorage) {
  const kept = storage.getItem(INSTANCE_KEY);
  storage.removeItem(INSTANCE_KEY);
  return isUuid(kept) ? kept : uuid4(randomBytes(16));
}

/** Leaves the id for the page that the reload brings. */
export function leaveInstance(instance, storage = sessionStorage) {
  storage.setItem(INSTANCE_KEY, instance);
}

export class Tabs {
  /**
   * @param {string} instance id of this tab
   * @param {{canSend: () => boolean, onOutbox: () => void, onGone: () => void}} hooks
   */
  constructor(instance, hooks) {
    this.instance = instance;
    this.hooks = hooks;
    this.asked = new Map();
    this.channel = typeof BroadcastChannel === "function" ? new BroadcastChannel(CHANNEL) : null;
    if (this.channel) this.channel.onmessage = (event) => this.hear(event.data);
  }

  hear(message) {
    const { type, from, to } = message ?? {};
    if (type === "who" && to === this.instance && this.hooks.canSend()) this.tell({ type: "here" });
    if (type === "here") this.asked.get(from)?.(true);
    if (type === "outbox") this.hooks.onOutbox();
    if (type === "gone") this.hooks.onGone();
  }

  /** Whether that tab is there and can send its own entries. */
  isAlive(instance) {
    if (!this.channel) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer(false), ANSWER_LIMIT_MS);
      const answer = (alive) => {
        clearTimeout(timer);
        this.asked.delete(instance);
        resolve(alive);
      };
      this.asked.set(instance, answer);
      this.tell({ type: "who", to: instance });
    });
  }

  /** Tells the others that entries were added, settled or set aside. */
  outboxChanged() {
    this.tell({ type: "outbox" });
  }

  /** Tells the others that this tab goes away. */
  goes() {
    this.tell({ type: "gone" });
  }

  close() {
    this.channel?.close();
    this.channel = null;
  }

  tell(message) {
    this.channel?.postMessage({ ...message, from: this.instance });
  }
}
