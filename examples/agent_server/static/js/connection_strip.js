/** The strip that says whether what is shown is true right now. */

import { announce } from "./announce.js";
import { byId, onUse, setIcon, setText, setUsable } from "./dom.js";
import { seconds } from "./format.js";

/** State of the connection -> its words. `stale`: what is shown may be out of date. */
const STATES = {
  connecting: { label: "Connecting", more: "Waiting for the server.", icon: "running", stale: false },
  waiting: { label: "Connected", more: "The run has no document yet.", icon: "link", stale: false },
  live: { label: "Live", more: "What you see is what the server holds.", icon: "link", stale: false },
  "catching-up": { label: "Catching up", more: "Asking for what was missed.", icon: "running", stale: true },
  cut: { label: "Connection cut", more: "", icon: "unlink", stale: true },
  lost: { label: "Connection lost", more: "", icon: "running", stale: true },
  refused: { label: "Refused", more: "The server does not let this page watch the run.", icon: "unlink", stale: true },
  closed: { label: "Closed", more: "This run was deleted; its last state stays readable.", icon: "unlink", stale: true },
};

/** What is worth saying aloud, and only when it differs from what was said last. */
const SPOKEN = {
  cut: "Connection cut. What is shown is out of date.",
  lost: "Connection lost. What is shown is out of date.",
  live: "Connected again. Everything is up to date.",
};

export class ConnectionStrip {
  #connection;
  #shown = "connecting";
  #wasAway = false;

  /** @param {import("./connection.js").Connection} connection */
  constructor(connection) {
    this.#connection = connection;
    onUse(byId("cut"), () => connection.cut());
    onUse(byId("restore"), () => connection.restore());
    setInterval(() => this.#drawMore(), 1000);
  }

  /** @returns {boolean} whether what the page shows may be out of date */
  get stale() {
    return STATES[this.#shown].stale;
  }

  draw() {
    const state = this.#connection.state;
    const { label, icon, stale } = STATES[state];
    const changed = state !== this.#shown;
    this.#shown = state;
    document.body.dataset.connection = state;
    document.body.toggleAttribute("data-stale", stale);
    setText(byId("connection-label"), label);
    setIcon(byId("connection-icon"), icon);
    setUsable(byId("cut"), state !== "cut");
    setUsable(byId("restore"), state === "cut");
    this.#drawMore();
    if (changed) this.#speak(state);
  }

  #drawMore() {
    const { more } = STATES[this.#shown];
    const away = ["cut", "lost"].includes(this.#shown);
    setText(byId("connection-more"), away ? this.#awayText() : more);
  }

  #awayText() {
    const next = this.#shown === "cut" ? "The server goes on without this page." : "Trying to reach the server.";
    return `You see the state of ${seconds(this.#connection.awayMs)} ago. ${next}`;
  }

  #speak(state) {
    const away = state === "cut" || state === "lost";
    if (away || (state === "live" && this.#wasAway)) announce(SPOKEN[state]);
    if (away) this.#wasAway = true;
    else if (state === "live") this.#wasAway = false;
  }
}
