/** The head of the page: which project, how far, and the button that starts a run. */

import { announce } from "./announce.js";
import { byId, onUse, setIcon, setText, setUsable } from "./dom.js";
import { plural } from "./format.js";
import { runState } from "./status.js";

const ACKNOWLEDGE_WITHIN_MS = 5000;
const MAY_START = new Set(["idle", "done", "aborted"]);

export class Masthead {
  #shownState = null;

  /** @param {any} socket */
  constructor(socket) {
    onUse(byId("start"), () => {
      socket.timeout(ACKNOWLEDGE_WITHIN_MS).emit("start_run", (error, answer) => {
        if (error || !answer.ok) announce(error ? "The server did not answer." : answer.message);
      });
    });
  }

  /**
   * @param {any} shown the document
   * @param {Record<string, number>} counts of `countStatuses`
   * @param {boolean} connected whether a run can be started from here
   */
  render(shown, counts, connected) {
    const { state } = shown.run;
    const { label, status } = runState(state);
    const share = counts.total ? counts.finished / counts.total : 0;
    setText(byId("goal"), shown.overall_project_goal);
    byId("run-state").dataset.status = status;
    setIcon(byId("run-state").querySelector("use"), status.toLowerCase());
    setText(byId("run-label"), label);
    setText(byId("run-share"), counts.total ? `${counts.finished} / ${counts.total}` : "");
    byId("run-bar").style.setProperty("--share", String(share));
    setText(byId("start"), state === "idle" ? "Start run" : "Run again");
    setUsable(byId("start"), connected && MAY_START.has(state));
    if (state !== this.#shownState) this.#speak(state, counts);
    this.#shownState = state;
  }

  #speak(state, counts) {
    if (this.#shownState === null) return;
    if (state === "running" && MAY_START.has(this.#shownState)) announce("Run started.");
    if (state === "done") announce(`Run done: ${plural(counts.total, "task")}, ${counts.FAILED} failed.`);
    if (state === "aborted") announce("Run aborted.");
  }
}
