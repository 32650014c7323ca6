import { readFileSync } from "node:fs";

/** The cases of one file in conformance/, which Python runs too. */
export function conformance(name) {
  return JSON.parse(readFileSync(new URL(`../../conformance/${name}.json`, import.meta.url), "utf8"));
}
