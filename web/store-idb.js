// The outbox's tables in IndexedDB, shared by all tabs of this browser. A `change` is one transaction: tabs never
// see each other's halves.

const NAME = "studyhall";
const VERSION = 1;
const TABLES = ["outbox", "meta", "runs"];

/** Opens the database. Rejects when this browser keeps none (private windows of some, blocked storage). */
export async function openStore(factory = globalThis.indexedDB) {
  if (!factory) throw new Error("this browser has no IndexedDB");
  const store = new IdbStore(factory);
  await store.open();
  return store;
}

class IdbStore {
  constructor(factory) {
    this.factory = factory;
    this.persistent = true;
    this.database = null;
  }

  open() {
    return new Promise((resolve, reject) => {
      const request = this.factory.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        for (const table of TABLES) request.result.createObjectStore(table);
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        this.database = request.result;
        // Another tab brings a newer version of this page, or the browser took the connection away: open anew later.
        this.database.onversionchange = () => this.close();
        this.database.onclose = () => this.close();
        resolve();
      };
    });
  }

  close() {
    this.database?.close();
    this.database = null;
  }

  /**
   * Runs `work(rows)` in one transaction; resolves once it is committed.
   * @param {{strict?: boolean}} options `strict`: committed means flushed to the disk
   */
  async change(work, { strict = false } = {}) {
    if (this.database === null) await this.open();
    const transaction = this.database.transaction(TABLES, "readwrite", { durability: strict ? "strict" : "relaxed" });
    const committed = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser gave the transaction up"));
    });
    committed.catch(() => {});
    try {
      const result = await work(new IdbRows(transaction));
      await committed;
      return result;
    } catch (fault) {
      abort(transaction);
      throw fault;
    }
  }
}

/** Only requests of this object may be awaited inside a `change`: anything else ends the transaction. */
class IdbRows {
  constructor(transaction) {
    this.transaction = transaction;
  }

  get(table, key) {
    return answerOf(this.transaction.objectStore(table).get(key));
  }

  put(table, key, row) {
    return answerOf(this.transaction.objectStore(table).put(row, key));
  }

  delete(table, key) {
    return answerOf(this.transaction.objectStore(table).delete(key));
  }

  all(table) {
    return answerOf(this.transaction.objectStore(table).getAll());
  }
}

function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function abort(transaction) {
  try {
    transaction.abort();
  } catch {
    // It has ended already; its own event said how.
  }
}
