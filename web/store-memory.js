// The outbox's tables in memory: for tests, and for browsers that keep nothing. Same shape as store-idb.js.

export class MemoryStore {
  constructor() {
    this.persistent = false;
    this.tables = { outbox: new Map(), meta: new Map(), runs: new Map() };
  }

  /** Runs `work(rows)` alone; what it did is undone when it throws. */
  async change(work) {
    const before = Object.entries(this.tables).map(([name, rows]) => [name, new Map(rows)]);
    try {
      return await work(new MemoryRows(this.tables));
    } catch (fault) {
      this.tables = Object.fromEntries(before);
      throw fault;
    }
  }
}

class MemoryRows {
  constructor(tables) {
    this.tables = tables;
  }

  async get(table, key) {
    return structuredClone(this.tables[table].get(key));
  }

  async put(table, key, row) {
    this.tables[table].set(key, structuredClone(row));
  }

  async delete(table, key) {
    this.tables[table].delete(key);
  }

  /** All rows of a table, in the order of their keys. */
  async all(table) {
    const keys = [...this.tables[table].keys()].sort();
    return keys.map((key) => structuredClone(this.tables[table].get(key)));
  }
}
