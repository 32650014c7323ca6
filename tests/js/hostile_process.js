/**
 * Decodes what comes on the standard input, and prints what that took: a process of its own, so that its memory can be
 * measured, and that it may be killed.
 *
 *     node --import ./setup.js hostile_process.js <inputs >{"outcome": "refused", "peakMib": 1.5, "seconds": 0.002}
 *
 * An input is the length of the codec's name and that of the bytes (4 bytes each, big-endian), the name, the bytes; the
 * lengths come first, so that reading leaves no garbage behind.
 */

import { existsSync, readFileSync, readSync } from "node:fs";

import { plainCodec } from "../../src/realtime_sync/js/codec.js";
import { ALL_CODECS } from "../../src/realtime_sync/js/codecs.js";
import { DecodeError } from "../../src/realtime_sync/js/errors.js";
import { decodeJson } from "../../src/realtime_sync/js/json.js";
import { DEFAULT_LIMITS } from "../../src/realtime_sync/js/limits.js";

const CONTEXT = { limits: DEFAULT_LIMITS, dictionary: () => undefined };
const CODECS = new Map(ALL_CODECS.filter((codec) => codec !== "json").map((codec) => [codec.name, codec]));
CODECS.set("json", plainCodec({ name: "json", decode: decodeJson }));

/** @param {number} length */
function read(length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const count = readSync(0, bytes, at, length - at, null);
    if (count === 0) return null;
    at += count;
  }
  return bytes;
}

function outcomeOf(codec, bytes) {
  try {
    codec.decode(bytes, CONTEXT);
    return "decoded";
  } catch (error) {
    return error instanceof DecodeError && error.codec === codec.name ? "refused" : `${error?.stack ?? error}`;
  }
}

/** The most memory that this process has held; `maxRSS` begins with what the one held that started it. */
function peakMib() {
  const status = "/proc/self/status";
  if (!existsSync(status)) return process.resourceUsage().maxRSS / 2 ** 10;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, "utf8"))[1]) / 2 ** 10;
}

for (let lengths; (lengths = read(8)) !== null; ) {
  const codec = CODECS.get(read(lengths.readUInt32BE(0)).toString());
  const bytes = read(lengths.readUInt32BE(4));
  const [peakBefore, cpuBefore] = [peakMib(), process.cpuUsage()];
  const outcome = outcomeOf(codec, bytes);
  const { user, system } = process.cpuUsage(cpuBefore);
  const taken = { outcome, peakMib: peakMib() - peakBefore, seconds: (user + system) / 1e6 };
  console.log(JSON.stringify(taken));
}
