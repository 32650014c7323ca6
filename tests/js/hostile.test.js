/** Whatever strangers send ends in DecodeError: the same inputs as in Python, and frames with changed bytes. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";

import { dictionaryId, plainCodec } from "../../src/realtime_sync/js/codec.js";
import { ALL_CODECS } from "../../src/realtime_sync/js/codecs.js";
import { readFrame } from "../../src/realtime_sync/js/compact.js";
import { DecodeError, ProtocolError } from "../../src/realtime_sync/js/errors.js";
import { admitValue, decodeJson } from "../../src/realtime_sync/js/json.js";
import { DEFAULT_LIMITS } from "../../src/realtime_sync/js/limits.js";
import { encodeAs } from "./encoders.js";
import { runPython } from "./python.js";
import { pick, seeded } from "./seeded.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));

const CODECS = new Map(ALL_CODECS.filter((codec) => codec !== "json").map((codec) => [codec.name, codec]));
CODECS.set("json", plainCodec({ name: "json", decode: decodeJson }));

// ---- the corpus ----------------------------------------------------------------------------------------------------

/** Python refuses these because of what they would take there: 4 bytes a character, 200 an object. */
const LIGHTER_HERE = [
  ...["2 MiB of objects in objects", "a wide string", "400,000 wide strings", "a wide string of msgpack", "maps in maps"],
];

/** fflate does not look at the complement of a length. The content is what it is; in gzip the checksum tells. */
const NOT_NOTICED = ["json+deflate: a stored block with another length"];

const DECODED_HERE = new Set([...LIGHTER_HERE, ...NOT_NOTICED]);

/** As in Python, and as much again: a text of 16 MiB stands beside the bytes that it came from, and so does garbage. */
const MAX_PEAK_MIB = 128;
const MAX_SECONDS = 2;
const GIVE_UP_AFTER_MS = 30_000;

function framed({ codec, bytes }) {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(Buffer.byteLength(codec), 0);
  lengths.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([lengths, Buffer.from(codec), bytes]);
}

/** Decode inputs in a child process, and return what each took. */
async function measure(inputs) {
  const words = ["--import", "./setup.js", "hostile_process.js"];
  const child = spawn(process.execPath, words, { cwd: HERE, timeout: GIVE_UP_AFTER_MS });
  child.stdin.on("error", () => {}); // of a child that ended early, which its status tells
  for (const input of inputs) child.stdin.write(framed(input));
  child.stdin.end();
  const [output, errors] = await Promise.all([child.stdout, child.stderr].map((stream) => stream.toArray()));
  const status = child.exitCode ?? child.signalCode ?? (await new Promise((resolve) => child.once("exit", resolve)));
  assert.equal(status, 0, `${inputs.map(({ comment }) => comment)}: ${Buffer.concat(errors)}`);
  return Buffer.concat(output).toString().trim().split("\n").map((line) => JSON.parse(line));
}

describe("the corpus of hostile inputs", () => {
  /** Those that may cost something have a name of their own; the others begin with their codec's. */
  const isSmall = ({ comment, codec }) => comment.startsWith(`${codec}: `);
  let inputs;
  before(async () => {
    const lines = (await runPython(["tests.wire.hostile_corpus"])).trim().split("\n");
    inputs = lines
      .map((line) => JSON.parse(line))
      .filter(({ codec }) => CODECS.has(codec))
      .map(({ zlib_base64, ...input }) => ({ ...input, bytes: inflateSync(Buffer.from(zlib_base64, "base64")) }));
  });

  function check({ comment, codec, outcome }, taken) {
    const expected = DECODED_HERE.has(comment) ? "decoded" : outcome;
    assert.equal(taken.outcome, expected, `${codec}: ${comment}`);
    assert.ok(taken.seconds < MAX_SECONDS, `${codec}: ${comment}: ${taken.seconds} s`);
    assert.ok(taken.peakMib < MAX_PEAK_MIB, `${codec}: ${comment}: ${taken.peakMib} MiB`);
  }

  test("there are at least 150", () => {
    assert.ok(inputs.length >= 150, `${inputs.length}`);
    for (const comment of DECODED_HERE) assert.ok(inputs.some((input) => input.comment === comment), comment);
  });

  test("each small one is refused, and costs nothing", async () => {
    const small = inputs.filter(isSmall);
    const measured = await measure(small);
    assert.equal(measured.length, small.length);
    small.forEach((input, index) => check(input, measured[index]));
  });

  test("each large one ends within 2 s and 128 MiB, in a process of its own", async () => {
    const large = inputs.filter((input) => !isSmall(input));
    assert.ok(large.length > 20);
    for (const input of large) check(input, (await measure([input]))[0]);
  });
});

// ---- changed frames ------------------------------------------------------------------------------------------------

const DICTIONARY = Buffer.from('["d","a1B2c3D4",7,1,[["/all_nodes/n7","~full_result"," next tokens","=status","DONE"]]]');

const FRAME = [
  ...["d", "a1B2c3D4", 7, 1],
  [
    ["/all_nodes/n7", "~full_result", " next \u00e9 \u6f22 \u{1F680} tokens", "=status", "DONE"],
    ["/all_nodes/n7/aux", "+a", [1, -1, 70_000, 2 ** 40, 0.5, true, null, [], {}]],
  ],
  { events: [["task_update", { task_id: "n7", status: "running", progress: 40 }]] },
];

const CONTEXT = {
  limits: DEFAULT_LIMITS,
  dictionary: (id) => (id === dictionaryId(DICTIONARY) ? DICTIONARY : undefined),
};

/** @returns {boolean} Whether it was decoded; to JSON, which may be no frame. */
function decodes(codec, bytes) {
  let value;
  try {
    value = codec.decode(bytes, CONTEXT);
  } catch (error) {
    assert.ok(error instanceof DecodeError, `${codec.name}: ${error.stack}`);
    return false;
  }
  admitValue(value, codec.name, DEFAULT_LIMITS);
  assert.equal({}.polluted, undefined);
  try {
    readFrame(value, DEFAULT_LIMITS);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `${codec.name}: ${error.stack}`);
  }
  return true;
}

/** What a bad line, or somebody, does to bytes. */
const MUTATIONS = [
  function flip(bytes, at, random) {
    bytes[at] ^= 1 << Math.floor(random() * 8);
  },
  function overwrite(bytes, at, random) {
    bytes[at] = Math.floor(random() * 256);
  },
  function remove(bytes, at, random) {
    bytes.splice(at, 1 + Math.floor(random() * 8));
  },
  function repeat(bytes, at, random) {
    bytes.splice(at, 0, ...bytes.slice(at, at + 1 + Math.floor(random() * 8)));
  },
  function insert(bytes, at, random) {
    bytes.splice(at, 0, ...Array.from({ length: 1 + Math.floor(random() * 8) }, () => Math.floor(random() * 256)));
  },
];

for (const codec of CODECS.values()) {
  const dictionary = codec.name.endsWith("+dictionary") ? DICTIONARY : undefined;
  const whole = encodeAs(codec.name, FRAME, dictionary);

  test(`${codec.name}: a frame cut at any byte, or with anything before or behind it, is refused`, () => {
    assert.ok(decodes(codec, whole));
    for (let length = 0; length < whole.length; length++)
      assert.ok(!decodes(codec, whole.subarray(0, length)), `cut at ${length} of ${whole.length}`);
    for (const other of [Buffer.from([0]), Buffer.from("x"), whole]) {
      assert.ok(!decodes(codec, Buffer.concat([whole, other])));
      assert.ok(!decodes(codec, Buffer.concat([other, whole])));
    }
  });

  test(`${codec.name}: a changed frame is refused, or means other JSON`, () => {
    const random = seeded(codec.name.length);
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = [...whole];
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--)
        pick(random, MUTATIONS)(bytes, Math.floor(random() * bytes.length), random);
      if (!decodes(codec, Uint8Array.from(bytes))) refused++;
    }
    assert.ok(refused > 50, `${refused} of 300`);
  });

  test(`${codec.name}: noise is refused, or means JSON`, () => {
    const random = seeded(codec.name.length + 1);
    for (let round = 0; round < 300; round++) {
      const noise = Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256));
      if (round % 2 === 0) noise[0] = round % 3; // else the envelope alone would refuse nearly all of it
      decodes(codec, Uint8Array.from(noise));
    }
  });
}
