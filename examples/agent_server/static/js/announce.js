/** What a screen reader says by itself: few sentences, for what the reader would otherwise miss. */

import { byId } from "./dom.js";

let emptied = 0;

/** Say `text` politely, when the reader is idle. */
export function announce(text) {
  const place = byId("announcer");
  place.textContent = text;
  clearTimeout(emptied);
  emptied = setTimeout(() => {
    place.textContent = ""; // the same sentence can then be said again
  }, 4000);
}
