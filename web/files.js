// What a file or pasted text probably is. Pure; the server looks for itself as well.

const TSV = "text/tab-separated-values";
const CSV = "text/csv";

/** The media type to announce: by the name's ending, else by a tab in the first line. */
export function typeOf(name, text) {
  if (name !== null && /\.(tsv|tab)$/i.test(name)) return TSV;
  const first = text.split(/\r\n|\r|\n/).find((line) => line.trim() !== "") ?? "";
  return first.includes("\t") ? TSV : CSV;
}

/** Whether a file is imported in the background, as a package of Anki or cards in JSON Lines: not as a table. */
export function isJob(name) {
  return /\.(apkg|colpkg|zip|anki2|anki21|anki21b|jsonl|ndjson)$/i.test(name);
}

/** A deck's name from a file's: "world-capitals_2.csv" is "world capitals 2". */
export function titleOf(name) {
  const title = name.replace(/\.[^.]+$/, "").replace(/[_-]+/g, " ").trim();
  return title || "My deck";
}

/**
 * The beginning of a file as text, for a look at it: UTF-16 by its mark, UTF-8, else what old spreadsheets write. The
 * server looks more closely.
 */
export function textOf(bytes) {
  const marked = { 0xfffe: "utf-16le", 0xfeff: "utf-16be" }[(bytes[0] << 8) | bytes[1]];
  if (marked) return new TextDecoder(marked).decode(bytes);
  try {
    // A character that is cut at the end of the look is no reason to doubt.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Remarks on rows as CSV with a header, for the learner to keep. No cell is a formula for a spreadsheet. */
export function remarksCsv(remarks) {
  const harmless = (text) => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);
  const cell = (value) => `"${harmless(String(value ?? "")).replaceAll('"', '""')}"`;
  const rows = remarks.map(({ line, column, reason }) => [line, column, reason].map(cell).join(","));
  return ["line,column,reason", ...rows, ""].join("\r\n");
}
