/** What the server compresses the frames of one channel with. Source: PROTOCOL.md, section 4. */

import { toBytes } from "./assembly.js";
import { dictionaryId } from "./codec.js";
import { isContainer } from "./equality.js";
import { DecodeError } from "./errors.js";
import { members, require } from "./frames.js";

/**
 * @typedef {import("./codec.js").Codec} Codec
 * @typedef {import("./limits.js").Limits} Limits
 */

/** Dictionaries kept of a channel: the one in use, and the one before, which frames on their way may need. */
const KEPT = 2;

const ID = /^[0-9a-f]{8}$/;

/**
 * Tell whether the body of a message claims to be a dictionary.
 *
 * @param {unknown} body
 * @returns {body is Record<string, unknown>}
 */
export function isDictionary(body) {
  return isContainer(body) && Object.hasOwn(body, "type") && body["type"] === "dictionary";
}

/** The newest dictionaries of one channel; they outlive connections. */
export class Dictionaries {
  #limits;
  /** By id, the newest last. @type {Map<string, Uint8Array>} */
  #kept = new Map();

  /** @param {Limits} limits */
  constructor(limits) {
    this.#limits = limits;
  }

  /** The ids of those that are here. */
  get ids() {
    return [...this.#kept.keys()];
  }

  /** @param {string} id */
  get(id) {
    return this.#kept.get(id);
  }

  /**
   * Take one that the server sent.
   *
   * @param {unknown} body
   * @param {(name: string) => Codec} codecOf Returns the codec of that name; throws when there is none.
   * @returns {number} How many bytes it took to send it.
   * @throws {import("./errors.js").ProtocolError} It is none, or not what its id says.
   */
  add(body, codecOf) {
    const { codec: name, id, data } = members(body, "dictionary");
    require(typeof name === "string", "a dictionary is for a codec", name);
    require(typeof id === "string" && ID.test(id), "a dictionary's id is 8 hexadecimal digits", id);
    const bytes = toBytes(data);
    require(bytes !== null, "a dictionary's data is bytes", data);
    const codec = codecOf(name);
    if (codec.openDictionary === undefined) throw new DecodeError(name, "it has no dictionaries");
    const content = codec.openDictionary(bytes, this.#limits);
    if (content.length === 0 || dictionaryId(content) !== id) throw new DecodeError(name, `dictionary ${id} is damaged`);
    this.#kept.delete(id);
    this.#kept.set(id, content);
    if (this.#kept.size > KEPT) this.#kept.delete(this.ids[0]);
    return bytes.length;
  }
}
