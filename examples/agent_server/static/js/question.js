/** The agent's questions to a human: a panel beside the work, never in its way. */

import { announce } from "./announce.js";
import { byId, setIcon, setText, setUsable } from "./dom.js";
import { instant, seconds } from "./format.js";

const ACKNOWLEDGE_WITHIN_MS = 5000;
const SHOW_THE_ANSWER_MS = 6000;

export class QuestionPanel {
  #socket;
  #focusElsewhere;
  #questions = {};
  #shownId = null;
  #announced = new Set();
  #mine = new Set();
  #hiddenByHand = false;
  #connected = false;
  #sending = false;
  #returnFocusTo = null;
  #leaving = 0;

  /**
   * @param {any} socket
   * @param {() => void} focusElsewhere where the focus goes when the panel goes and its former place is gone
   */
  constructor(socket, focusElsewhere) {
    this.#socket = socket;
    this.#focusElsewhere = focusElsewhere;
    const panel = byId("question");
    panel.addEventListener("focusin", ({ relatedTarget: from }) => {
      if (from && !panel.contains(from)) this.#returnFocusTo = from;
    });
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#hideByHand();
    });
    byId("question-close").addEventListener("click", () => this.#hideByHand());
    byId("to-question").addEventListener("click", () => this.#showAndFocus());
    byId("question-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#answer(event.submitter.value);
    });
    byId("answer-limit").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // the form's own Enter would press its first button: approve
      this.#answer("modify");
    });
    setInterval(() => this.#drawDeadline(), 1000);
  }

  /** Bring the panel to `document.questions`. */
  render(questions) {
    this.#questions = questions;
    this.#drawCount();
    const shown = questions[this.#shownId];
    if (shown === undefined) this.#show(this.#openQuestions()[0] ?? null);
    else if (shown.answer && !this.#leaving) this.#showAnswer(shown);
    this.#announceNew();
  }

  /** An answer needs a connection. */
  setConnected(connected) {
    this.#connected = connected;
    this.#drawButtons();
  }

  #openQuestions() {
    return Object.values(this.#questions)
      .filter((question) => question.answer === null)
      .sort((a, b) => (instant(a.asked_at) ?? 0) - (instant(b.asked_at) ?? 0));
  }

  #show(question) {
    clearTimeout(this.#leaving);
    this.#leaving = 0;
    this.#shownId = question?.request_id ?? null;
    if (!question) return this.#hide();
    const panel = byId("question");
    delete panel.dataset.answered;
    setIcon(byId("question-icon"), "waiting");
    setText(byId("question-title"), "The agent asks");
    setText(byId("question-text"), question.question);
    setText(byId("question-problem"), "");
    byId("question-form").hidden = false;
    byId("question-close").hidden = false;
    this.#drawButtons();
    this.#drawDeadline();
    this.#hiddenByHand = false;
    panel.hidden = false;
    document.body.dataset.question = "";
  }

  #showAnswer({ request_id: id, answer }) {
    const panel = byId("question");
    const sentence = answerSentence(answer, this.#mine.has(id));
    panel.dataset.answered = "";
    setIcon(byId("question-icon"), "done");
    setText(byId("question-title"), sentence);
    setText(byId("question-deadline"), "");
    setText(byId("question-problem"), "");
    const hadFocus = panel.contains(document.activeElement);
    byId("question-form").hidden = true;
    if (hadFocus) this.#giveFocusBack();
    announce(sentence);
    const next = this.#openQuestions()[0] ?? null;
    this.#leaving = setTimeout(() => this.#show(this.#openQuestions()[0] ?? null), next ? 1500 : SHOW_THE_ANSWER_MS);
  }

  #hide() {
    const panel = byId("question");
    const hadFocus = panel.contains(document.activeElement);
    panel.hidden = true;
    delete document.body.dataset.question;
    if (hadFocus) this.#giveFocusBack();
  }

  /** "Later": the button in the masthead brings the panel back. */
  #hideByHand() {
    if (this.#questions[this.#shownId]?.answer) this.#show(this.#openQuestions()[0] ?? null);
    else this.#hide();
    this.#hiddenByHand = byId("question").hidden;
  }

  #showAndFocus() {
    const first = this.#openQuestions()[0];
    if (!first) return;
    if (byId("question").hidden || this.#hiddenByHand) this.#show(this.#questions[this.#shownId] ?? first);
    byId("question").focus();
  }

  #giveFocusBack() {
    const place = this.#returnFocusTo;
    if (place?.isConnected && place.checkVisibility({ visibilityProperty: true })) place.focus();
    else this.#focusElsewhere();
  }

  #announceNew() {
    for (const { request_id: id, question } of this.#openQuestions()) {
      if (this.#announced.has(id)) continue;
      this.#announced.add(id);
      announce(`The agent asks: ${question} The button "Answer" at the top of the page leads there.`);
    }
  }

  #drawCount() {
    const open = this.#openQuestions().length;
    setUsable(byId("to-question"), open > 0);
    setText(byId("to-question-label"), open > 1 ? `Answer (${open})` : "Answer");
    setText(byId("question-count"), open > 1 ? `and ${open - 1} more` : "");
  }

  #drawButtons() {
    const usable = this.#connected && !this.#sending;
    for (const action of ["approve", "modify", "abort"]) setUsable(byId(`answer-${action}`), usable);
    if (!this.#connected) setText(byId("question-problem"), "Restore the connection to answer.");
    else if (!this.#sending) setText(byId("question-problem"), "");
  }

  #drawDeadline() {
    const question = this.#questions[this.#shownId];
    const asked = instant(question?.asked_at);
    if (!question || question.answer || asked === null) return;
    const left = asked + question.timeout_seconds * 1000 - Date.now();
    setText(
      byId("question-deadline"),
      left > 0 ? `Without an answer the folder is skipped in ${seconds(left)}.` : "Time is up.",
    );
  }

  async #answer(action) {
    if (!this.#connected || this.#sending) return;
    const answer = { request_id: this.#shownId, action };
    if (action === "modify") {
      answer.limit = byId("answer-limit").valueAsNumber;
      if (!Number.isInteger(answer.limit) || answer.limit < 1) {
        return setText(byId("question-problem"), "Give a whole number, 1 or more.");
      }
    }
    await this.#send(answer);
  }

  async #send(answer) {
    this.#sending = true;
    this.#mine.add(answer.request_id);
    this.#drawButtons();
    const { ok, message } = await this.#socket
      .timeout(ACKNOWLEDGE_WITHIN_MS)
      .emitWithAck("hitl_response", answer)
      .catch(() => ({ ok: false, message: "The server did not answer. Try again." }));
    this.#sending = false;
    this.#drawButtons();
    if (ok) return;
    this.#mine.delete(answer.request_id);
    setText(byId("question-problem"), message);
  }
}

/** @param {{action: string, limit?: number, by: string}} answer `by` is how the server calls who gave it */
function answerSentence({ action, limit, by }, mine) {
  const who = mine ? "You" : by.charAt(0).toUpperCase() + by.slice(1);
  switch (action) {
    case "approve":
      return `${who} approved.`;
    case "modify":
      return `${who} approved the first ${limit}.`;
    case "abort":
      return `${who} aborted the run.`;
    case "timeout":
      return "Nobody answered in time: the folder is skipped.";
    default:
      return "The run ended before an answer came.";
  }
}
