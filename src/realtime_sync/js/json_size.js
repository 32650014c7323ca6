/** How large a value is as JSON text, without writing it. */

import { isContainer } from "./equality.js";

/** Of a number, true, false or null: no double takes more than three times as many. */
const SCALAR_BYTES = 8;

/**
 * Return about how many bytes `value` takes as JSON, looking no further once it is `enough`.
 *
 * A character counts as one byte, so that text in another script is up to three times as large.
 *
 * @param {unknown} value
 * @param {number} enough
 * @returns {number}
 */
export function estimateJsonSize(value, enough) {
  const unseen = [value];
  let size = 0;
  while (unseen.length > 0 && size < enough) {
    const next = unseen.pop();
    if (typeof next === "string") size += next.length + '""'.length;
    else if (!isContainer(next)) size += SCALAR_BYTES;
    else {
      size += "[]".length;
      const isList = Array.isArray(next);
      for (const key of isList ? next.keys() : Object.keys(next)) {
        size += isList ? ",".length : String(key).length + '"":,'.length;
        if (size >= enough) break; // before a million elements are put aside, to be looked at by nobody
        unseen.push(/** @type {any} */ (next)[key]);
      }
    }
  }
  return size;
}
