/** What goes over plain HTTP while there is no connection. Source: PROTOCOL.md, section 8. */

import { joined } from "./deflate.js";
import { LimitExceeded, ProtocolError } from "./errors.js";
import { parseAnswer, parseFrame } from "./frames.js";
import { decodeJson } from "./json.js";

/**
 * @typedef {import("./frames.js").Answer} Answer
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./limits.js").Limits} Limits
 */

/**
 * Where and how to ask while Socket.IO has no connection.
 *
 * @typedef {object} Poll
 * @property {string} url Where the server answers polls (`polling_app` and `polling_view` in Python).
 * @property {number} [intervalS] Seconds from a reply to the next question about that channel; 2 unless given.
 * @property {Fetch} [fetch] What asks, for headers and credentials of your own; unless given: the `fetch` that is there.
 */

/**
 * What `poll` needs of `fetch`.
 *
 * @typedef {(url: string, request: {method: "POST", headers: Record<string, string>, body: string, cache: "no-store",
 *   signal: AbortSignal}) => Promise<Pick<Response, "status" | "body" | "arrayBuffer">>} Fetch
 */

/** The codec of frames that come with a reply. */
const TEXT = "json";

export const POLL_TIMEOUT_MS = 10_000;

/** What a reply may have beside its frame: an answer, whose longest part is a text for a human. */
const REPLY_BYTES = 8 * 1024;
const REPLY_ELEMENTS = 32;

/**
 * Post a question and return the body of the reply.
 *
 * @param {Poll} poll
 * @param {object} message
 * @param {Readonly<Limits>} limits
 * @returns {Promise<Uint8Array>} Rejects with `ProtocolError` for what is no reply, `LimitExceeded` for one that is too
 *   large, and with whatever `fetch` rejects with.
 */
export async function post({ url, fetch = globalThis.fetch }, message, limits) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(message),
    cache: "no-store",
    signal: AbortSignal.timeout(POLL_TIMEOUT_MS),
  });
  if (response.status !== 200) throw new ProtocolError(`a poll was answered with HTTP status ${response.status}`);
  return readBody(response, limits.maxDecodedBytes + REPLY_BYTES);
}

/**
 * @param {Pick<Response, "body" | "arrayBuffer">} response
 * @param {number} maxBytes
 */
async function readBody(response, maxBytes) {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(await response.arrayBuffer()); // of a `fetch` without streams
  /** @type {Uint8Array[]} */
  const chunks = [];
  let size = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > maxBytes) {
      void reader.cancel();
      throw new LimitExceeded(TEXT, "maxDecodedBytes", maxBytes, size);
    }
    chunks.push(read.value);
  }
  return joined(chunks, size);
}

/**
 * Return the answer in a reply, and the frame that came with it.
 *
 * @param {Uint8Array} bytes
 * @param {Readonly<Limits>} limits
 * @returns {{answer: Answer, frame: Frame | null}}
 * @throws {ProtocolError} It is no reply, or larger than `limits` allows.
 */
export function parseReply(bytes, limits) {
  const reply = decodeJson(bytes, TEXT, { ...limits, maxElements: limits.maxElements + REPLY_ELEMENTS });
  if (reply === null || typeof reply !== "object" || !Object.hasOwn(reply, "answer") || !Object.hasOwn(reply, "body"))
    throw new ProtocolError("no reply to a poll");
  return { answer: parseAnswer(reply.answer), frame: reply.body === null ? null : parseFrame(reply.body, limits) };
}
