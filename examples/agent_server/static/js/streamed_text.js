/** A scrolling text that grows at its end, and stays there as long as the reader wants. */

import { afterDrawing } from "./frame.js";
import { setAttribute } from "./dom.js";

const NEAR_THE_END_PX = 12;

export class StreamedText {
  #box;
  #button;
  #content = document.createTextNode("");
  #atEnd = true;

  /**
   * @param {HTMLElement} box what scrolls
   * @param {HTMLElement} button a toggle: stay at the end
   */
  constructor(box, button) {
    this.#box = box;
    this.#button = button;
    box.replaceChildren(this.#content);
    box.addEventListener("scroll", () => this.#setAtEnd(this.#distanceFromEnd() < NEAR_THE_END_PX), { passive: true });
    button.addEventListener("click", () => {
      this.#setAtEnd(!this.#atEnd);
      afterDrawing(this.#keepAtEnd);
    });
  }

  /** Forget the text; the next one is read from its beginning, or at its end while it is written. */
  restart(atEnd) {
    this.#content.data = "";
    this.#setAtEnd(atEnd);
    if (!atEnd) this.#box.scrollTop = 0;
  }

  /** Show `text`: of one that only grew, the new end alone is written. */
  show(text, { writing }) {
    setAttribute(this.#box, "data-writing", writing ? "" : null);
    const shown = this.#content.data;
    if (text === shown) return;
    if (text.startsWith(shown)) this.#content.appendData(text.slice(shown.length));
    else this.#content.data = text;
    afterDrawing(this.#keepAtEnd);
  }

  #distanceFromEnd() {
    return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight;
  }

  #keepAtEnd = () => {
    if (this.#atEnd) this.#box.scrollTop = this.#box.scrollHeight;
  };

  #setAtEnd(atEnd) {
    this.#atEnd = atEnd;
    setAttribute(this.#button, "aria-pressed", String(atEnd));
  }
}
