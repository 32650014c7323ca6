import { readFileSync } from "node:fs";

import { limitsWith } from "../../src/realtime_sync/js/limits.js";

/** The cases of one file in conformance/, which Python runs too. */
export function conformance(name) {
  return JSON.parse(readFileSync(new URL(`../../conformance/${name}.json`, import.meta.url), "utf8"));
}

/** Limits as the cases write them: in Python's spelling. */
export function limitsOf(limits = {}) {
  const camelCase = (name) => name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
  return limitsWith(Object.fromEntries(Object.entries(limits).map(([name, value]) => [camelCase(name), value])));
}
