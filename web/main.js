// Starts the page: who is signed in, which view is shown, and what all views share.

import { Api, ApiError } from "./api.js";
import { Banners, Toasts } from "./view-banners.js";
import { Bar } from "./view-bar.js";
import { ClassApi } from "./class-api.js";
import { ClaimView } from "./view-claim.js";
import { ClassView } from "./view-class.js";
import { ClassesView } from "./view-classes.js";
import { DeckView } from "./view-deck.js";
import { DecksView } from "./view-decks.js";
import { ImportView } from "./view-import.js";
import { HomeworkView } from "./view-homework.js";
import { JobView } from "./view-job.js";
import { JoinApi } from "./join-api.js";
import { JoinView, codeIn } from "./view-join.js";
import { LiveView } from "./view-live.js";
import { MediaSession } from "./media.js";
import { RosterView } from "./view-roster.js";
import { SignInView } from "./view-signin.js";
import { StudyView } from "./view-study.js";
import { standInOf } from "./class-people.js";
import { standInParts } from "./stand-in.js";
import { StudyClient } from "./client.js";
import { leaveInstance, takeInstance } from "./tabs.js";
import { Tokens } from "./tokens.js";

/** So long before asking again who this is, when the server did not say. */
const ASK_ME_AGAIN_MS = 5_000;

const ROUTES = [
  [/^#\/study\/([0-9a-f-]{36})$/, StudyView],
  [/^#\/study$/, StudyView],
  [/^#\/deck\/([0-9a-f-]{36})$/, DeckView],
  [/^#\/job\/([0-9a-f-]{36})$/, JobView],
  [/^#\/people$/, RosterView],
  [/^#\/classes$/, ClassesView],
  [/^#\/homework$/, HomeworkView],
  [/^#\/class\/([0-9a-f-]{36})$/, ClassView],
  [/^#\/claim\/([0-9a-f-]{36})$/, ClaimView],
  [/^#\/class\/([0-9a-f-]{36})\/live$/, LiveView],
  [/^#\/import(?:\/([0-9a-f-]{36}))?$/, ImportView],
  [/^/, DecksView],
];

class App {
  constructor() {
    this.page = document.getElementById("page");
    this.tokens = new Tokens();
    this.instance = takeInstance();
    this.toasts = new Toasts(document.getElementById("toasts"));
    this.bar = new Bar(document.getElementById("bar"), this);
    this.banners = new Banners(document.getElementById("banners"), this);
    this.user_id = null;
    this.client = null;
    this.me = null;
    this.asking_me = false;
    this.ask_me_after = 0;
    this.view = null;
    /** Files dropped anywhere, on their way to the import view. */
    this.dropped = [];
    this.api = new Api(() => (this.user_id ? this.tokens.of(this.user_id) : null));
    this.classes = new ClassApi(this.api);
    this.join = new JoinApi(this.api);
  }

  async begin() {
    addEventListener("hashchange", () => this.route());
    addEventListener("online", () => this.client?.input({ type: "connect" }));
    addEventListener("pagehide", () => this.hide());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    addEventListener("storage", () => this.tokensChanged());
    addEventListener("beforeunload", (event) => this.warnOfLoss(event));
    acceptDrops(this);
    const code = codeIn(location.pathname);
    if (code !== null) return this.showJoin(code);
    const stand_in = standInOf(location.hash);
    if (stand_in !== null) return this.showStandIn(stand_in);
    const refusal = await this.takeCredentials();
    const signed_in = this.tokens.current();
    if (signed_in && !refusal) await this.signIn(signed_in);
    else this.showSignIn(refusal);
  }

  /** A code or a token in the address signs in and leaves the address bar. Returns a sentence when it is refused. */
  async takeCredentials() {
    const address = new URL(location.href);
    const code = address.searchParams.get("code");
    const token = new URLSearchParams(address.hash.slice(1)).get("token");
    if (code === null && token === null) return null;
    history.replaceState(null, "", address.pathname);
    if (token !== null) return this.tokens.keep(token) ? null : "What stands in the address is no token.";
    try {
      const redeemed = await this.api.redeem(code);
      return this.tokens.keep(redeemed.token) ? null : "The server sent no usable token.";
    } catch (error) {
      if (this.tokens.current() && error.status === 401) {
        this.toasts.say("This link was used already; you are still signed in.");
        return null;
      }
      return error.code === "code_used" ? "This sign-in link was used already. Each works once." : error.message;
    }
  }

  async signIn({ user_id, token }) {
    this.user_id = user_id;
    this.client = new StudyClient({
      user_id,
      token,
      instance: this.instance,
      api: this.api,
      onChange: () => this.update(),
      onNotice: ({ kind, text }) => this.toasts.say(text, kind),
    });
    this.media = new MediaSession(this.api);
    this.media.begin();
    await this.client.begin();
    this.bar.show();
    this.route();
  }

  /** Who this is; asked again as soon as the server is there. */
  async loadMe() {
    if (this.asking_me || performance.now() < this.ask_me_after) return;
    this.asking_me = true;
    this.ask_me_after = performance.now() + ASK_ME_AGAIN_MS;
    try {
      this.me = await this.api.me();
      this.update();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.client?.input({ type: "unauthorized" });
    } finally {
      this.asking_me = false;
    }
  }

  /** Takes a new token: renews the sign-in of the same learner, else signs in anew. Returns a sentence if it is none. */
  renew(text) {
    const kept = this.tokens.keep(text);
    if (kept === null) return "This is no token: it should be three parts with dots between them.";
    if (kept.user_id !== this.user_id) location.reload();
    else {
      this.client.input({ type: "renew", token: kept.token });
      // What was refused to the old token is asked for again; a sitting and a live lesson go on by themselves.
      if (!location.hash.startsWith("#/study") && !location.hash.endsWith("/live")) this.route();
    }
    return null;
  }

  signOut() {
    this.client?.end();
    this.tokens.forget(this.user_id);
    history.replaceState(null, "", location.pathname);
    location.reload();
  }

  /** Who comes by a lesson's code is signed in by the server once the teacher lets them in. */
  showJoin(code) {
    this.bar.hide();
    const onIn = (token) => {
      const kept = this.tokens.keep(token);
      history.replaceState(null, "", "/#/study");
      if (kept) this.signIn(kept);
    };
    this.mount(new JoinView(code, { join: this.join, onIn }));
  }

  /** Whoever has a link sees and steers one class's lesson, whoever else is signed in here. */
  showStandIn({ class_id, link }) {
    this.bar.hide();
    this.mount(new LiveView(standInParts(link, this.toasts), class_id));
  }

  showSignIn(refusal = null) {
    this.bar.hide();
    this.mount(new SignInView(this, refusal));
  }

  route() {
    if (!this.client) return;
    for (const [pattern, View] of ROUTES) {
      const match = pattern.exec(location.hash);
      if (match) return this.mount(new View(this, match[1] ?? null));
    }
  }

  go(hash) {
    if (location.hash === hash) this.route();
    else location.hash = hash;
  }

  mount(view) {
    this.view?.leave?.();
    this.view = view;
    this.page.replaceChildren(view.element);
    document.title = view.title ? `${view.title} · studyhall` : "studyhall";
    scrollTo(0, 0);
    view.enter?.();
    this.update();
  }

  update() {
    if (!this.client) return;
    if (this.me === null && this.client.session.link.isReady) this.loadMe();
    this.bar.update();
    this.banners.update();
    this.view?.update?.();
  }

  /** Whether the server has said that it knows this. */
  offers(feature) {
    return this.client?.session.features.includes(feature) ?? false;
  }

  hide() {
    leaveInstance(this.instance);
    this.view?.hide?.();
    this.client?.hide();
  }

  /** Another tab signed in, renewed or signed out. */
  tokensChanged() {
    if (!this.client) return;
    const token = this.tokens.of(this.user_id);
    if (token === null) location.reload();
    else if (token !== this.client.session.token) this.client.input({ type: "renew", token });
  }

  /** Only where the browser keeps nothing: leaving would lose answers. */
  warnOfLoss(event) {
    if (this.client && !this.client.keepsEntries && this.client.session.unsaved > 0) event.preventDefault();
  }
}

/** A file dropped anywhere on the page goes to the view that takes files, else to the import view. */
function acceptDrops(app) {
  const hasFiles = (event) => app.client && event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(-depth);
    app.dropped = [...event.dataTransfer.files];
    if (app.view?.takeFiles) app.view.takeFiles(app.dropped.splice(0));
    else app.go(app.view instanceof DeckView ? `#/import/${app.view.deck_id}` : "#/import");
  });
}

new App().begin();
