// The foot of a card that the server checks: a field to type in or choices, and then what became of it.

import { h, setText, show } from "./dom.js";
import { isChecked, sayResult, saySlip } from "./trials.js";

export class TrialRow {
  /** `onRespond(text)`, `onNext()`. */
  constructor(onRespond, onNext) {
    this.onRespond = onRespond;
    this.onNext = onNext;
    this.near = h("p", { className: "near", role: "status" });
    this.field = h("input", { name: "response", autocomplete: "off", autocapitalize: "off", spellcheck: false, maxLength: 500, "aria-label": "Your answer" });
    this.form = h("form", { className: "typed", onsubmit: (event) => this.submit(event) }, this.field, h("button", { className: "primary" }, "Check"));
    this.choices = h("div", { className: "choices", role: "group", "aria-label": "Which one is it?" });
    this.said = h("p", { className: "verdict", role: "status" });
    this.next = h("button", { type: "button", className: "primary", onclick: () => this.onNext() }, "Go on", h("kbd", {}, "space"));
    this.result = h("div", { className: "result" }, this.said, this.next);
    this.element = h("div", { className: "trial" }, this.near, this.form, this.choices, this.result);
    this.asked = null;
  }

  /** `card`: on screen; `trials`: of the session; `is_ready`: whether the server can be reached. */
  update(card, trials, is_ready) {
    const { shown } = trials;
    const asks = shown === null && isChecked(card);
    show(this.element, asks || shown !== null);
    show(this.form, asks && card.mode === "type");
    show(this.choices, asks && card.mode === "choose");
    show(this.result, shown !== null);
    if (shown !== null) this.putResult(shown, is_ready);
    const near = asks ? trials.near.get(card.card_id) : undefined;
    setText(this.near, near ? saySlip(near.slip) : "");
    show(this.near, near !== undefined);
    if (asks) this.ask(card, near);
    else this.asked = null;
  }

  ask(card, near) {
    const asked = `${card.card_id} ${near?.first ?? ""} ${(card.choices ?? []).join("\n")}`;
    if (this.asked === asked) return;
    this.asked = asked;
    if (card.mode === "choose") {
      const choice = (text, at) => h("button", { type: "button", className: "choice", onclick: () => this.onRespond(text) }, h("kbd", {}, String(at + 1)), text);
      return this.choices.replaceChildren(...card.choices.map(choice));
    }
    this.field.value = near?.first ?? "";
    this.field.focus({ preventScroll: true });
    this.field.select();
  }

  putResult({ graded, response }, is_ready) {
    const waiting = is_ready ? "Checking…" : "It will be checked when the server can be reached.";
    const wrong = graded?.result === "wrong";
    const answered = response.trim() === "" ? "You left it empty." : `You answered “${response}”.`;
    setText(this.said, graded === null ? waiting : wrong ? `${sayResult(graded)}. ${answered}` : `${sayResult(graded)}.`);
    const result = graded?.result ?? "";
    if (this.element.dataset.result === result) return;
    this.element.dataset.result = result;
    this.next.focus({ preventScroll: true });
  }

  /** The choice with this number, from 1. */
  choose(number) {
    this.choices.children[number - 1]?.click();
  }

  submit(event) {
    event.preventDefault();
    this.onRespond(this.field.value);
  }
}

const MODES = { "": "As the deck says", flip: "Turn the card", type: "Type the answer", choose: "Choose the answer" };

/** How the cards of this sitting are asked. */
export class ModeChoice {
  constructor(onMode) {
    this.select = h("select", { "aria-label": "How cards are asked", onchange: () => onMode(this.select.value || null) }, Object.entries(MODES).map(([value, text]) => h("option", { value }, text)));
    this.element = h("span", { className: "mode-choice" }, this.select);
  }

  update(mode, is_offered) {
    show(this.element, is_offered);
    if (this.select !== document.activeElement && this.select.value !== (mode ?? "")) this.select.value = mode ?? "";
  }
}
