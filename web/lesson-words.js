// Words for a live lesson: why somebody needs help, what became of a command, why the connection ended. Pure.

import { onClose } from "./closecodes.js";
import { counted } from "./format.js";

/** Why a student needs help, in words; an empty text when none is needed. */
export function needText(struggling) {
  if (!struggling) return "";
  const { reason, wrong, of } = struggling;
  if (reason === "wrong_in_a_row") return `${wrong} wrong in a row`;
  if (reason === "mostly_wrong") return `${wrong} of the last ${of} wrong`;
  if (reason === "sure_and_wrong") return `sure and wrong ${wrong === 1 ? "once" : `${wrong} times`}`;
  return "may need help";
}

const PRESENCE = { here: "here", away: "away", left: "not here" };

export function presenceText(presence) {
  return PRESENCE[presence] ?? "not known";
}

/** What a student is called where names are hidden: a number that stays. */
export function nameOf({ name }, number) {
  return name ?? `Student ${number}`;
}

export function stateText(document) {
  if (!document || document.lesson === null) return "No lesson yet";
  return { open: "The lesson is on", paused: "Paused", closed: "The lesson is over" }[document.state] ?? "The lesson is on";
}

/** A share from 0 to 1 in per cent. */
export function percentText(share) {
  return share === null || share === undefined ? "–" : `${Math.round(100 * share)} %`;
}

const COMMANDS = {
  open: "Starting the lesson",
  pause: "Pausing",
  resume: "Going on",
  close: "Ending the lesson",
  message: "The message",
  assign: "The assignment",
  withdraw: "Taking the assignment back",
  ask: "The question",
  end_ask: "Taking the question away",
  close_ask: "Closing the vote",
  warm_up: "The warm-up",
  accept: "Accepting the answer",
  extra_time: "The extra time",
  remove: "Removing the student",
  hide_names: "Hiding names",
};

/** Why a command was not carried out. */
export function refusalText(type, { code, message }) {
  return `${COMMANDS[type] ?? "The command"} was refused: ${message || code}`;
}

const CLOSED = {
  4409: "The server restarted the lesson's view after a fault.",
  4410: "The lesson moved to another server.",
  4411: "The way to the lesson was lost.",
  4413: "The lesson's view keeps failing on the server; trying again in some minutes.",
  4429: "Too many screens are watching this class, or there are too many connections.",
  4503: "You may not watch this class, or not any more.",
};

/** What a close code means on the monitor socket; the same as everywhere, in words about a lesson. */
export function onMonitorClose(code) {
  const meaning = onClose(code);
  // A new token opens no class that is not one's own.
  const needs = code === 4503 ? null : meaning.needs;
  return { ...meaning, needs, says: CLOSED[code] ?? meaning.says };
}

/** A wrong answer and how often it was given: "11 × colour, by 9 students". */
export function wrongText({ text, times, students }) {
  return `${times} × ${text}, by ${counted(students, "student")}`;
}

/** What a bar of a histogram stands for; `grades`: their names. */
export function barText(bar, grades) {
  if (bar.text !== undefined && bar.text !== null) return bar.text === "" ? "nothing" : bar.text;
  return bar.grade === undefined || bar.grade === null ? "another answer" : `${bar.grade} ${grades[bar.grade]?.name ?? ""}`.trim();
}

/** So many seconds as a clock shows them: "0:45", "2:05". */
export function clockText(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
