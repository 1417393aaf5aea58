// The last hour of a lesson, minute by minute, as the server tells it. Pure: now comes in.

export const MINUTE_MS = 60_000;
export const MINUTES_SHOWN = 60;

const NONE = { answered: 0, correct: 0 };

/**
 * The last sixty minutes, the oldest first.
 * @param {Map<number, {answered: number, correct: number}>} minutes by when they begin; older ones are left out
 */
export function lastHour(minutes, now) {
  const newest = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: MINUTES_SHOWN }, (_, at) => minutes.get(newest - (MINUTES_SHOWN - 1 - at) * MINUTE_MS) ?? NONE);
}
