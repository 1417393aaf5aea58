// The outbox: every command lies here from before it is sent until its verdict. Shared by the tabs of one browser.
//
// A row: {id, user_id, instance, command, about, state, frozen, offset_ms, at_ms, refusal?}
//   instance  the tab that sends it; another one adopts it when that tab is gone
//   state     `waiting` or `refused` (for good; shown until the learner dismisses it)
//   frozen    its id was made by a clock that the server had corrected: id and content never change again.
//             Until then nobody has sent it, and a welcome may give it a better id.

import { nextId, timeOf } from "./ids.js";
import { MemoryStore } from "./store-memory.js";

/** A correction below this does not make ids anew. */
export const REMAKE_ABOVE_MS = 1_000;
/** So much of a card's text goes with its entry, to name it if it is refused. */
const ABOUT_LENGTH = 120;

const LAST_ID = "last_id";
const LAST_FINAL = "last_final_id";
const OFFSET = "offset_ms";
const lastSavedOf = (user_id) => `last_saved:${user_id}`;

export class Outbox {
  /**
   * @param {{store: object, instance: string, randomBytes: (length: number) => Uint8Array}} parts
   *   `store`: store-idb.js or store-memory.js
   */
  constructor({ store, instance, randomBytes }) {
    this.store = store;
    this.instance = instance;
    this.randomBytes = randomBytes;
    this.tail = Promise.resolve();
    /** What the browser said when it could not keep entries any more, or null. */
    this.fault = null;
    /** Which id a command got, by its run and key; ids that were made anew since. */
    this.ids = new Map();
    this.renamed = new Map();
  }

  get isPersistent() {
    return this.store.persistent;
  }

  /** What was kept of the device: the clock's correction and, per learner, the newest id known saved. */
  recall(user_id) {
    return this.change(async (rows) => ({
      offset_ms: (await rows.get("meta", OFFSET)) ?? 0,
      last_saved: (await rows.get("meta", lastSavedOf(user_id))) ?? null,
    }));
  }

  /**
   * Keeps a command and gives it its id.
   * @param {object} draft `{run, key, of_key, user_id, command, about, at_ms, offset_ms, frozen, strict}`: `key` counts
   *   the drafts of one `run` of a page; `of_key` is the key of the command that an undo takes back; `at_ms` is the
   *   corrected moment of the answer
   * @returns the row, or null when this draft was kept before; its `instance` is another tab's when it is an undo of
   *   what that tab still has to send
   */
  put(draft) {
    const { user_id, about, at_ms, offset_ms, frozen, strict } = draft;
    return this.change(
      async (rows) => {
        if (((await rows.get("runs", draft.run))?.key ?? 0) >= draft.key) return null;
        const command = this.resolve(draft);
        const last = (await rows.get("meta", LAST_ID)) ?? null;
        const named = command.type === "undo" ? await rows.get("outbox", command.of) : undefined;
        const row = {
          id: nextId(at_ms, last, this.randomBytes(10)),
          user_id,
          instance: named?.state === "waiting" ? named.instance : this.instance,
          command,
          about: plain(about),
          state: "waiting",
          frozen,
          offset_ms,
          at_ms,
        };
        await rows.put("outbox", row.id, row);
        await rows.put("meta", LAST_ID, row.id);
        if (row.frozen) await rows.put("meta", LAST_FINAL, row.id);
        await rows.put("runs", draft.run, { run: draft.run, key: draft.key, at_ms });
        this.ids.set(keyOf(draft.run, draft.key), row.id);
        return row;
      },
      { strict },
    );
  }

  /** The command as it is sent: an undo names the id that its entry has by now. */
  resolve({ command, run, of_key }) {
    if (command.type !== "undo") return command;
    const of = command.of ?? this.ids.get(keyOf(run, of_key));
    return { ...command, of: this.renamed.get(of) ?? of };
  }

  /**
   * Everything that this tab has to send for `user_id`, oldest first, with ids that may be sent.
   * Rows of an uncorrected clock get their ids by `offset_ms`, the correction known now.
   * @returns {Promise<{entries: object[], renamed: Map<string, string>}>}
   */
  load(user_id, offset_ms) {
    return this.change(async (rows) => {
      const mine = (await rows.all("outbox")).filter((row) => this.isMine(row, user_id));
      const renamed = await this.freeze(rows, mine, offset_ms);
      await rows.put("meta", OFFSET, offset_ms);
      mine.sort((a, b) => (a.id < b.id ? -1 : 1));
      return { entries: mine, renamed };
    });
  }

  /** Makes the ids of `mine` final. Their times move with the correction; their order stays. */
  async freeze(rows, mine, offset_ms) {
    const renamed = new Map();
    let last = null;
    for (const row of mine.filter(({ frozen }) => !frozen)) {
      const old = row.id;
      const moved = offset_ms - row.offset_ms;
      if (Math.abs(moved) > REMAKE_ABOVE_MS) {
        row.id = nextId(row.at_ms + moved, last, this.randomBytes(10));
        row.at_ms += moved;
        renamed.set(old, row.id);
        this.renamed.set(old, row.id);
        await rows.delete("outbox", old);
      }
      row.command = this.resolve(row);
      Object.assign(row, { frozen: true, offset_ms });
      await rows.put("outbox", row.id, row);
      last = row.id;
    }
    if (last !== null) await this.raise(rows, last);
    return renamed;
  }

  /** After ids were made final, new ones go on from the highest final one. */
  async raise(rows, last) {
    const sent = (await rows.get("meta", LAST_FINAL)) ?? "";
    const highest = last > sent ? last : sent;
    await rows.put("meta", LAST_FINAL, highest);
    await rows.put("meta", LAST_ID, highest);
  }

  /** Takes over what tabs that are gone have left. Returns the rows, ready to be sent. */
  adopt(user_id, instances, offset_ms) {
    return this.change(async (rows) => {
      const left = (await rows.all("outbox")).filter(
        (row) => row.user_id === user_id && row.state === "waiting" && instances.includes(row.instance),
      );
      for (const row of left) {
        row.instance = this.instance;
        await rows.put("outbox", row.id, row);
      }
      await this.freeze(rows, left, offset_ms);
      return left;
    });
  }

  /** Commands that are durable now. */
  settle(user_id, ids) {
    return this.change(async (rows) => {
      for (const id of ids) await rows.delete("outbox", id);
      const key = lastSavedOf(user_id);
      const newest = [...ids, (await rows.get("meta", key)) ?? ""].sort().at(-1);
      await rows.put("meta", key, newest);
      return newest;
    });
  }

  /** Sets an entry aside: the server will never take it. */
  refuse(id, refusal) {
    return this.change(async (rows) => {
      const row = await rows.get("outbox", id);
      if (row) await rows.put("outbox", id, { ...row, state: "refused", refusal });
    });
  }

  /** The learner has seen it. */
  dismiss(id) {
    return this.change(async (rows) => {
      const row = await rows.get("outbox", id);
      if (row?.state === "refused") await rows.delete("outbox", id);
    });
  }

  /** Forgets how far runs of pages got that ended before `before_ms`. */
  forgetRuns(before_ms) {
    return this.change(async (rows) => {
      for (const { run, at_ms } of await rows.all("runs")) if (at_ms < before_ms) await rows.delete("runs", run);
    });
  }

  /**
   * What lies on this device, seen by `user_id`: waiting in this and in other tabs, refused, and of other people.
   * @returns {Promise<{mine: object[], elsewhere: Map<string, number>, refused: object[], others: number}>}
   */
  survey(user_id) {
    return this.change(async (rows) => {
      const all = await rows.all("outbox");
      const own = all.filter((row) => row.user_id === user_id);
      const waiting = own.filter((row) => row.state === "waiting");
      const elsewhere = new Map();
      for (const { instance } of waiting) {
        if (instance !== this.instance) elsewhere.set(instance, (elsewhere.get(instance) ?? 0) + 1);
      }
      const mine = waiting.filter(({ instance }) => instance === this.instance);
      const refused = own
        .filter((row) => row.state === "refused")
        .map((row) => ({ id: row.id, at_ms: timeOf(row.id), about: row.about, type: row.command.type, ...row.refusal }));
      const others = all.filter((row) => row.user_id !== user_id && row.state === "waiting").length;
      return { mine, elsewhere, refused, others };
    });
  }

  isMine(row, user_id) {
    return row.user_id === user_id && row.state === "waiting" && row.instance === this.instance;
  }

  /** One change after the other, so that what was asked first is done first. */
  change(work, options) {
    const result = this.tail.then(() => this.attempt(work, options));
    this.tail = result.catch(() => {});
    return result;
  }

  /** A browser that fails twice to keep entries is not asked again: they live in memory from then on. */
  async attempt(work, options) {
    if (!this.store.persistent) return this.store.change(work, options);
    try {
      return await this.store.change(work, options);
    } catch {
      try {
        return await this.store.change(work, options);
      } catch (fault) {
        this.fault = String(fault?.message ?? fault);
        this.store = new MemoryStore();
        return this.store.change(work, options);
      }
    }
  }
}

const keyOf = (run, key) => `${run}:${key}`;

function plain(html) {
  const text = String(html ?? "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  return text.length > ABOUT_LENGTH ? `${text.slice(0, ABOUT_LENGTH - 1)}…` : text;
}
