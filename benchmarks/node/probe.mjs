// A worker that says whether a library turns one document into another; it is ended when that takes too long.

import { parentPort } from "node:worker_threads"
import { COMPARERS, clone, isSame } from "./libraries.mjs"

parentPort.on("message", ({ name, pair: [before, after] }) => {
  parentPort.postMessage(isRight(COMPARERS[name], before, after) ? "right" : "wrong")
})

function isRight({ diff, apply }, before, after) {
  try {
    return isSame(apply(clone(before), diff(before, after)), after)
  } catch {
    return false
  }
}
