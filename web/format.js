// Words for numbers, days and moments. Pure: now comes in.

const DAY_MS = 86_400_000;

/** The grades of SM-2: what each is called and what it means. */
export const GRADES = [
  { name: "Blackout", means: "no idea at all" },
  { name: "Wrong", means: "wrong, but remembered when shown" },
  { name: "Almost", means: "wrong, but it seemed easy" },
  { name: "Hard", means: "right, with serious difficulty" },
  { name: "Good", means: "right, after some hesitation" },
  { name: "Perfect", means: "right, at once" },
];

/** What a grade would do: "again today", "6 d". `outcome`: an element of `if_graded`, or nothing. */
export function outcomeText(outcome) {
  if (!outcome) return "";
  return outcome.again_today ? "again today" : daysText(outcome.days);
}

/** A number of days, short: "today", "6 d", "2.5 mo", "1.3 y". */
export function daysText(days) {
  if (!(days > 0)) return "today";
  if (days < 60) return `${days} d`;
  if (days < 730) return `${oneDigit(days / 30.44)} mo`;
  return `${oneDigit(days / 365.25)} y`;
}

/** A number of days in words, for those who listen: "in 6 days". */
export function daysSpoken(outcome) {
  if (!outcome) return "";
  if (outcome.again_today) return "again today";
  if (!(outcome.days > 0)) return "later today";
  return outcome.days === 1 ? "in 1 day" : `in ${outcome.days} days`;
}

/** A duration: "45 s", "3 min", "1 h 5 min". */
export function durationText(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** When something comes: "in 40 s", "in 12 min", "today at 21:30", "tomorrow at 04:00", "on 3 March". */
export function momentText(at, now, locale = undefined) {
  const ahead = at - now;
  if (ahead <= 0) return "now";
  if (ahead < 3_600_000) return `in ${durationText(ahead)}`;
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(at);
  const days = Math.round((midnight(at) - midnight(now)) / DAY_MS);
  if (days === 0) return `today at ${clock}`;
  if (days === 1) return `tomorrow at ${clock}`;
  if (days < 7) return `${new Intl.DateTimeFormat(locale, { weekday: "long" }).format(at)} at ${clock}`;
  const far = days > 300 ? { year: "numeric" } : {};
  return `on ${new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", ...far }).format(at)}`;
}

/** "1 answer", "3 answers". */
export function counted(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

/** The study day (`YYYY-MM-DD`) of a moment: the date at the learner's place, `rollover_hour` hours late. */
export function studyDay(at, zone, rollover_hour) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(
    at - rollover_hour * 3_600_000,
  );
  const { year, month, day } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${year}-${month}-${day}`;
}

/** The day after `day` (`YYYY-MM-DD`). */
export function nextDay(day) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

function oneDigit(number) {
  return String(Math.round(number * 10) / 10);
}

function midnight(at) {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}
