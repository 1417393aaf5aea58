// What each frame of the server does to the session. Unknown frames and fields are ignored, as the protocol asks. Pure.

/** Handles one frame. `effects` collects what the shell has to do. */
export function onFrame(session, frame, now, effects) {
  const handler = Object.hasOwn(FRAMES, frame.type) ? FRAMES[frame.type] : null;
  if (handler && (frame.type === "welcome") === (session.link.phase === "greeting")) {
    handler(session, frame, now, effects);
  }
}

/** The name of a node, as `welcome.node` has it. */
const NODE = /^[A-Za-z0-9._-]{1,64}$/;

const FRAMES = {
  welcome(session, frame, now, effects) {
    const { link } = session;
    session.user_id = frame.user_id;
    session.features = frame.features ?? [];
    if (frame.class) takeClass(session, frame.class);
    link.heartbeat_ms = frame.heartbeat_ms ?? link.heartbeat_ms;
    session.commands.newSocket(frame.limits?.in_flight);
    link.enter("loading", now);
    effects.push({ do: "correct_clock", server_time: frame.server_time });
    effects.push({ do: "load", user_id: frame.user_id, generation: link.generation });
    if (NODE.test(frame.node ?? "")) effects.push({ do: "go_toward", node: frame.node });
  },

  queue(session, frame) {
    const { asked, study } = session;
    session.asked = null;
    // The queue of a sitting that was given up before it began; the next one is asked for behind it.
    if (!study?.started || (asked !== null && asked !== study)) return;
    study.awaits_queue = false;
    session.hand.queue(frame);
  },

  card(session, frame, now, effects) {
    if (typeof frame.saved === "number") settle(session, frame.saved, effects);
    if (!isStudying(session)) return;
    session.hand.deal(frame, session.unsaved);
  },

  graded(session, frame) {
    const card = session.trials.graded(frame);
    if (card !== null) session.hand.count(card, frame.grade);
  },

  saved(session, frame, now, effects) {
    settle(session, frame.seq, effects);
  },

  error(session, frame, now, effects) {
    if (frame.final === true) forgetVote(session, frame.id);
    if (frame.seq !== undefined) verdict(session, frame, now, effects);
    else complaint(session, frame, now, effects);
  },

  changed(session, frame, now, effects) {
    if (frame.reason === "new_day") effects.push({ do: "sync_clock" });
    const undo = frame.reason === "undone" ? session.undoing.shift() : undefined;
    // The answer to an undo counts everything up to it, saved or not.
    const unsettled = undo ? session.unsavedAfter(undo) : session.unsaved;
    if (!isStudying(session)) return;
    const screen_changed = session.hand.change(frame, unsettled);
    const own = frame.reason === "set" && [frame.card?.card_id, ...(frame.drop ?? [])].some((card_id) => session.commands.sets(card_id));
    const text = own ? null : sayChanged(frame, screen_changed);
    if (text) effects.push({ do: "notice", kind: "info", text });
  },

  done(session, frame) {
    if (!isStudying(session) || frame.sitting !== session.study.sitting) return;
    session.hand.clear();
    session.hand.finish(frame);
  },

  class(session, frame) {
    takeClass(session, frame);
  },

  renewed(session, frame, now, effects) {
    session.token_expiring = false;
    effects.push({ do: "notice", kind: "good", text: "Your sign-in was renewed." });
  },

  goodbye(session, frame) {
    session.link.goodbye = { reconnect_after_ms: Math.max(0, frame.reconnect_after_ms ?? 1_000) };
    session.link.says = "The server is restarting.";
  },
};

/** What is refused is no vote. */
function forgetVote(session, id) {
  const command = session.commands.waiting.get(id)?.entry.command;
  if (command?.type !== "answer") return;
  session.attending.undone(command.card_id);
  session.preferAsked();
}

function takeClass(session, document) {
  if (session.attending.take(document)) session.preferAsked();
}

/** Frames of a sitting count only from the `queue` on that answers this socket's `start`. */
function isStudying(session) {
  const { study } = session;
  return study !== null && study.started && !study.awaits_queue && !study.refused;
}

function settle(session, seq, effects) {
  const ids = session.commands.saved(seq);
  if (ids.length === 0) return;
  session.saved_count += ids.length;
  effects.push({ do: "settle", ids });
  if (session.forgetUndos(ids)) {
    effects.push({ do: "notice", kind: "info", text: "Taken back. The card itself cannot be shown again now." });
  }
}

function verdict(session, frame, now, effects) {
  const entry = session.commands.refused(frame, now);
  if (entry === null || !frame.final) return;
  const given = session.recent.find((item) => item.id === frame.id);
  session.recent = session.recent.filter((item) => item !== given);
  session.forgetUndos([frame.id]);
  if (frame.code === "near") return askOnceMore(session, entry, frame.slip, given?.card ?? null, effects);
  effects.push({ do: "refuse", id: frame.id, code: frame.code, message: frame.message });
}

/** A response was near: nothing was stored, and the card, which the server still holds here, is asked once more. */
function askOnceMore(session, { id, command }, slip, card, effects) {
  session.trials.ask(id, command, slip);
  if (card !== null && isStudying(session)) session.hand.putBack(card, null);
  effects.push({ do: "forget", id });
}

/** An `error` that is no verdict: about the token, about a frame, or about the `start` that is on its way. */
function complaint(session, frame, now, effects) {
  if (frame.code === "token_expiring") {
    session.token_expiring = true;
    return;
  }
  const said = frame.message || `The server says: ${frame.code}`;
  const { asked, study } = session;
  if (asked === null || frame.code === "unknown_type") return effects.push({ do: "notice", kind: "bad", text: said });
  session.asked = null;
  // Nobody waits any more for a sitting that was given up before it began.
  if (asked !== study) return;
  study.awaits_queue = false;
  if (frame.code === "busy") {
    study.started = false;
    study.retry_at = now + (frame.retry_after_ms ?? 1_000);
    return;
  }
  study.refused = { sitting: study.sitting, code: frame.code, message: frame.message || "" };
}

const REASONS = {
  answered_elsewhere: "This card was answered on another device.",
  edited: "This card was edited.",
  deleted: "This card was deleted.",
  taken_over: "This card went on to your other device.",
  set: "This card was changed on another device.",
};

const ALWAYS = {
  new_day: "A new study day has begun.",
  imported: "New cards came in.",
  assigned: "New cards were assigned to you.",
  regraded: "An answer of yours was accepted after all: it counts as right.",
};

/** The sentence for a `changed`, or null when nothing needs to be said. */
export function sayChanged(frame, screen_changed) {
  if (Object.hasOwn(ALWAYS, frame.reason)) return ALWAYS[frame.reason];
  if (screen_changed && Object.hasOwn(REASONS, frame.reason)) return REASONS[frame.reason];
  if (frame.card_id && frame.state?.due) return `An answer counted otherwise than shown: the card is due on ${frame.state.due}.`;
  return null;
}
