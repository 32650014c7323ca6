// What the same snapshots, edits and pairs cost and yield in JavaScript.
//
//     node rivals.mjs FOLDER     # FOLDER holds snapshots-N.json, edits-N.json and probes.json, as `python -m benchmarks`
//                                # writes them; the figures go to standard output as JSON

import { readFileSync, readdirSync } from "node:fs"
import { Worker } from "node:worker_threads"
import { deflateRawSync } from "node:zlib"
import { applyPatches, enablePatches, produceWithPatches } from "immer"
import { COMPARERS, clone, isSame, label, textDiffer } from "./libraries.mjs"

enablePatches()

const folder = process.argv[2]
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"))
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1]
const bytes = (value) => Buffer.byteLength(JSON.stringify(value) ?? "")
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

/** Call in turn on every case, for a second and a half and at least 5 times, after a warm-up. */
function medianMs(cases, call) {
  for (const each of cases) call(each)
  const times = []
  const end = performance.now() + 1_500
  for (let turn = 0; times.length < 5 || performance.now() < end; turn++) {
    const each = cases[turn % cases.length]
    const start = performance.now()
    call(each)
    times.push(performance.now() - start)
  }
  return median(times)
}

function measureComparer({ diff, apply }, pairs) {
  const patches = pairs.map(([before, after]) => diff(before, after))
  return {
    ms: medianMs(pairs, ([before, after]) => diff(before, after)),
    bytes: mean(patches.map(bytes)),
    right: pairs.every(([before, after], number) => isSame(apply(clone(before), patches[number]), after)),
  }
}

function write(document, { path, key, value, grows_text: growsText }) {
  for (const token of path) document = document[token]
  if (growsText) document[key] += value
  else if (Array.isArray(document)) document.push(value)
  else document[key] = value
}

/** Every update on the document that the one before it left. */
function measureImmer({ before, updates, after }) {
  let document = before
  const patches = []
  const times = []
  for (const edits of updates) {
    const start = performance.now()
    const [next, patch] = produceWithPatches(document, (draft) => edits.forEach((edit) => write(draft, edit)))
    times.push(performance.now() - start)
    patches.push(patch)
    document = next
  }
  const applied = patches.reduce((held, patch) => applyPatches(held, patch), before)
  return {
    ms: median(times.slice(10)),
    bytes: mean(patches.map(bytes)),
    right: isSame(document, after) && isSame(applied, after),
  }
}

/** What the first updates are as deltas with text diffs, raw and compressed alone. */
function measureTextDeltas({ before, updates }, count) {
  let document = before
  const deltas = []
  let right = true
  for (const edits of updates.slice(0, count)) {
    const next = clone(document)
    edits.forEach((edit) => write(next, edit))
    const delta = textDiffer.diff(document, next)
    deltas.push(delta)
    right &&= isSame(textDiffer.patch(clone(document), clone(delta)), next)
    document = next
  }
  const texts = deltas.map((delta) => JSON.stringify(delta))
  return {
    ms: 0,
    bytes: mean(texts.map((text) => Buffer.byteLength(text))),
    compressed_bytes: mean(texts.map((text) => deflateRawSync(text).length)),
    right,
  }
}

const PATIENCE_MS = 1_000

/** How many of the pairs a library gets wrong, throws on, or takes too long for. */
async function countWrong(name, pairs) {
  let wrong = 0
  let worker = null
  for (const pair of pairs) {
    worker ??= new Worker(new URL("probe.mjs", import.meta.url))
    const verdict = await ask(worker, { name, pair })
    if (verdict !== "right") wrong += 1
    if (verdict === "too slow") {
      await worker.terminate()
      worker = null
    }
  }
  await worker?.terminate()
  return wrong
}

function ask(worker, question) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS, "too slow")
    worker.once("message", (verdict) => {
      clearTimeout(timer)
      resolve(verdict)
    })
    worker.postMessage(question)
  })
}

const sizes = readdirSync(folder).flatMap((name) => name.match(/^snapshots-(\d+)\.json$/)?.[1] ?? [])
const figures = []
for (const size of sizes.map(Number).sort((a, b) => a - b)) {
  const pairs = read(`snapshots-${size}.json`)
  for (const [name, comparer] of Object.entries(COMPARERS))
    figures.push({ table: "diff", row: label(name), size, ...measureComparer(comparer, pairs) })
  figures.push({
    table: "edits known",
    row: label("immer"),
    size,
    ...measureImmer(read(`edits-${size}.json`)),
  })
}

const texts = { table: "frames", row: `${label("jsondiffpatch")}, with text diffs`, size: 1000 }
figures.push({ ...texts, ...measureTextDeltas(read("edits-1000.json"), 40) })

const probes = read("probes.json")
const wrong = {}
for (const name of Object.keys(COMPARERS)) {
  wrong[label(name)] = {}
  for (const [kind, pairs] of Object.entries(probes)) wrong[label(name)][kind] = await countWrong(name, pairs)
}

console.log(JSON.stringify({ node: process.version, figures, wrong }))
