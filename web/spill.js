// Answers given in the very moment in which the page goes: the outbox needs some milliseconds, a closing page has none.
// What was not confirmed yet is left in localStorage, which is written at once, and brought into the outbox by the next
// page. The outbox knows how far it got with each run of a page, so that nothing is brought in twice.

const PREFIX = "studyhall.spill.";

/** Leaves drafts of one run of a page. */
export function spill(run, drafts, storage = localStorage) {
  if (drafts.length > 0) storage.setItem(PREFIX + run, JSON.stringify(drafts));
}

/** Brings what closed pages have left into the outbox. Returns how many drafts it found. */
export async function recover(outbox, storage = localStorage) {
  let found = 0;
  for (const key of keysOf(storage)) {
    for (const draft of read(storage.getItem(key))) {
      await outbox.put(draft);
      found += 1;
    }
    storage.removeItem(key);
  }
  return found;
}

function keysOf(storage) {
  const keys = Array.from({ length: storage.length }, (_, at) => storage.key(at));
  return keys.filter((key) => key.startsWith(PREFIX));
}

function read(text) {
  try {
    const drafts = JSON.parse(text ?? "[]");
    return Array.isArray(drafts) ? drafts : [];
  } catch {
    return [];
  }
}
