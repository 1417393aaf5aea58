// What every close code of the protocol means for this page: come back or stop, how long to wait at least, what to say.
// 4000-4499 come back, with a jittered wait; 4500-4999 do not.

const KNOWN = {
  1000: { says: "The connection was closed." },
  1001: { says: "The server is going away." },
  1002: { says: "The server did not understand this page.", floor_ms: 5_000 },
  1003: { says: "The server did not accept this kind of message.", floor_ms: 5_000 },
  1006: { says: "The server cannot be reached." },
  1007: { says: "The server could not read a message of this page.", floor_ms: 5_000 },
  1009: { says: "A message of this page was too large.", floor_ms: 5_000 },
  1011: { says: "The server met a fault of its own." },
  4400: { says: "The server is restarting." },
  4401: { says: "Your sign-in has ended. Paste a new token to go on.", needs: "token" },
  4407: { says: "The numbering of messages was broken; starting it anew." },
  4408: { says: "The connection was too slow or silent." },
  4409: { says: "The server restarted your session after a fault." },
  4410: { says: "Your session moved to another server." },
  4411: { says: "The way to your session was lost." },
  4412: { says: "The server is not ready yet.", floor_ms: 1_000 },
  4413: { says: "Your session keeps failing on the server; trying again in some minutes.", floor_ms: 300_000 },
  4429: { says: "There are too many connections.", floor_ms: 10_000 },
  4500: { says: "The server does not accept this token. Sign in again.", stops: true, needs: "token" },
  4503: { says: "The server does not allow this.", stops: true, needs: "token" },
  4508: { says: "The server and this page do not speak the same language. Reload the page.", stops: true, needs: "reload" },
  4510: { says: "This tab was replaced by another connection of the same tab.", stops: true, needs: "resume" },
};

/**
 * @param {number} code close code of the WebSocket
 * @returns {{says: string, floor_ms: number, stops: boolean, needs: null|"token"|"reload"|"resume"}}
 */
export function onClose(code) {
  const known = KNOWN[code] ?? unknown(code);
  return { says: known.says, floor_ms: known.floor_ms ?? 0, stops: known.stops ?? false, needs: known.needs ?? null };
}

function unknown(code) {
  if (code >= 4500 && code < 5000) {
    return { says: `The server closed the connection for good (${code}).`, stops: true, needs: "reload" };
  }
  return { says: `The connection was closed (${code}).` };
}

export const BACKOFF_BASE_MS = 400;
export const BACKOFF_CAP_MS = 30_000;

/**
 * The jittered wait before the next attempt: between half and all of a doubling time.
 * @param {number} attempt 0 for the first
 * @param {number} random in [0, 1)
 */
export function backoffMs(attempt, random) {
  const full = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + (full / 2) * random);
}
