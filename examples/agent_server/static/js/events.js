/** The last 50 events of the channel. */

import { afterDrawing, oncePerFrame } from "./frame.js";
import { byId, element } from "./dom.js";
import { clock, inline } from "./format.js";

const MOST_EVENTS = 50;
const NEAR_THE_END_PX = 12;

/** Event -> what a person reads about it. */
const SENTENCES = {
  task_update: ({ status, progress }, titleOf, id) => `${titleOf(id)}: ${status}, ${progress}\u00a0%`,
  node_status: ({ status, current_stage: stage }, titleOf, id) =>
    `${titleOf(id)}: ${status}${stage ? `, ${stage}` : ""}`,
  hitl_request: ({ question }) => question,
  error_notification: ({ severity, message }) => `${severity}: ${message}`,
  project_started: ({ message }) => message,
};

export class EventLog {
  #titleOf;
  #waiting = [];
  #atEnd = true;
  #draw = oncePerFrame(() => this.#append());

  /**
   * @param {any} channel
   * @param {(id: string) => string} titleOf a task's short name
   */
  constructor(channel, titleOf) {
    this.#titleOf = titleOf;
    const box = byId("events");
    box.addEventListener(
      "scroll",
      () => {
        this.#atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_THE_END_PX;
      },
      { passive: true },
    );
    for (const name of Object.keys(SENTENCES)) channel.on(name, (data) => this.#take(name, data));
  }

  #take(name, data) {
    const id = data?.task_id ?? data?.node_id;
    const text = inline(SENTENCES[name](data ?? {}, this.#titleOf, id) ?? "", 180);
    this.#waiting.push({ name, text, at: data?.timestamp ?? new Date().toISOString() });
    if (this.#waiting.length > MOST_EVENTS) this.#waiting.shift();
    this.#draw();
  }

  #append() {
    const list = byId("event-list");
    list.append(...this.#waiting.splice(0).map(eventElement));
    while (list.childElementCount > MOST_EVENTS) list.firstElementChild.remove();
    afterDrawing(this.#keepAtEnd);
  }

  #keepAtEnd = () => {
    if (this.#atEnd) byId("events").scrollTop = byId("events").scrollHeight;
  };
}

function eventElement({ name, text, at }) {
  return element(
    "li",
    { "data-kind": name },
    element("time", { datetime: at }, clock(at)),
    element(
      "span",
      {},
      element("span", { class: "event-name" }, name),
      " ",
      element("span", { class: "event-text" }, text),
    ),
  );
}
