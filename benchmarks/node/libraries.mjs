// What is installed, each behind `diff` and `apply`; and JSON's equality.

import { readFileSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import fastJsonPatch from "fast-json-patch"
import * as jsondiffpatch from "jsondiffpatch"
import * as jsondiffpatchWithTexts from "jsondiffpatch/with-text-diffs"
import * as rfc6902 from "rfc6902"

export const clone = (value) => JSON.parse(JSON.stringify(value))

/** "immer" -> "immer 11.2.10" */
export function label(name) {
  const manifest = readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")
  return `${name} ${JSON.parse(manifest).version}`
}

const objectHash = (object, index) => object.id ?? object.task_id ?? `$$index:${index}`
const differ = jsondiffpatch.create({ objectHash })

/** jsondiffpatch, which says of a text that grew only by what. */
export const textDiffer = jsondiffpatchWithTexts.create({ objectHash })

/** Libraries that compare whole snapshots. `apply` may change the document that it gets. */
export const COMPARERS = {
  "fast-json-patch": {
    diff: (before, after) => fastJsonPatch.compare(before, after),
    apply: (document, patch) => fastJsonPatch.applyPatch(document, patch).newDocument,
  },
  rfc6902: {
    diff: (before, after) => rfc6902.createPatch(before, after),
    apply: (document, patch) => {
      const holder = { "": document } // a patch may replace the root
      const below = patch.map((operation) => ({
        ...operation,
        path: `/${operation.path}`,
        ...("from" in operation ? { from: `/${operation.from}` } : {}),
      }))
      const failed = rfc6902.applyPatch(holder, below).find((error) => error !== null)
      if (failed) throw failed
      return holder[""]
    },
  },
  jsondiffpatch: {
    diff: (before, after) => differ.diff(before, after),
    apply: (document, delta) => differ.patch(document, delta),
  },
}

/** JSON's equality: Object.is, but 0 is -0. */
export function isSame(one, other) {
  return isDeepStrictEqual(withoutMinusZero(one), withoutMinusZero(other))
}

function withoutMinusZero(value) {
  return value === undefined ? undefined : clone(value)
}
