/** Python's bytes are read in JavaScript, and those of JavaScript's libraries in Python. */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { dictionaryId } from "../../src/realtime_sync/js/codec.js";
import { ALL_CODECS } from "../../src/realtime_sync/js/codecs.js";
import { DEFAULT_LIMITS } from "../../src/realtime_sync/js/limits.js";
import { encodeAs } from "./encoders.js";
import { runPython } from "./python.js";
import { pick, sample, seeded } from "./seeded.js";

const CODECS = ALL_CODECS.filter((codec) => codec !== "json");

/** What an agent's frames look like: paths and keys that come again, text that does not. */
function frames(count) {
  const random = seeded(11);
  const words = ["plan", "search", "write", "žluťoučký", "\u{1F680}", "result", "node"];
  const text = () => Array.from({ length: 20 }, () => pick(random, words)).join(" ");
  return Array.from({ length: count }, (_, index) => [
    ...["d", "a1B2c3D4", index + 1, 1],
    [[`/all_nodes/node_${index % 7}`, "~full_result", text(), "=progress", random(), "=aux", sample(random, 3)]],
  ]);
}

const VALUES = [
  ...frames(30),
  ["k", "a1B2c3D4", 7, Object.fromEntries(frames(300).map((frame, index) => [`n${index}`, frame]))],
  ["k", "a1B2c3D4", 8, JSON.parse('{"__proto__": {"a": 1}, "": null, "é\\u0000": [true, false, 1e300, -0.5, 9007199254740991]}')],
  "\ufeff" + "x".repeat(300),
  [],
];

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, "base64"));

/** Ask Python several things at once. */
async function ask(requests) {
  const output = await runPython(["tests.js.python_codecs"], requests.map((request) => JSON.stringify(request)).join("\n"));
  return output.trim().split("\n").map((line) => JSON.parse(line));
}

describe("between Python and JavaScript", () => {
  /** By codec: its dictionary if it has one, what Python encoded, and what Python made of what was encoded here. */
  const exchanged = new Map();

  before(async () => {
    const learning = CODECS.filter(({ openDictionary }) => openDictionary).map(({ name }) => name);
    const learned = await ask(learning.map((codec) => ({ codec, learn: frames(100) })));
    const dictionaries = Object.fromEntries(learning.map((codec, index) => [codec, learned[index].dictionary]));
    const requests = CODECS.flatMap(({ name: codec }) => {
      const dictionary = dictionaries[codec];
      const more = { codec, ...(dictionary && { dictionary }) };
      const content = dictionary && bytesOf(dictionary);
      return VALUES.flatMap((value) => [
        { ...more, encode: value },
        { ...more, decode: base64(encodeAs(codec, value, content)) },
      ]);
    });
    const answers = await ask(requests);
    for (const { name } of CODECS) {
      const own = answers.splice(0, 2 * VALUES.length);
      exchanged.set(name, {
        dictionary: dictionaries[name] && bytesOf(dictionaries[name]),
        encoded: own.filter(({ bytes }) => bytes).map(({ bytes }) => bytesOf(bytes)),
        decoded: own.filter((answer) => "value" in answer).map(({ value }) => value),
      });
    }
  });

  for (const codec of CODECS) {
    test(`${codec.name}: what Python encodes is read here`, () => {
      const { encoded, dictionary } = exchanged.get(codec.name);
      const context = {
        limits: DEFAULT_LIMITS,
        dictionary: (id) => (dictionary && id === dictionaryId(dictionary) ? dictionary : undefined),
      };
      assert.deepEqual(
        encoded.map((bytes) => codec.decode(bytes, context)),
        VALUES,
      );
      assert.equal(encoded.some((bytes) => bytes[0] === 2) && codec.name.includes("+"), dictionary !== undefined);
    });

    test(`${codec.name}: what is encoded here is read by Python`, () => {
      assert.deepEqual(exchanged.get(codec.name).decoded, VALUES);
    });
  }
});
