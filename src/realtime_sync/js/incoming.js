/** What arrives for one channel, made into frames. */

import { ACK_BYTES } from "./acknowledgements.js";
import { Assembly, isPart, parsePart, toBytes } from "./assembly.js";
import { readFrame } from "./compact.js";
import { Dictionaries, isDictionary } from "./dictionaries.js";
import { DecodeError, ProtocolError, SyncError } from "./errors.js";
import { admitValue, decodeJson } from "./json.js";
import { estimateJsonSize } from "./json_size.js";

/**
 * @typedef {import("./assembly.js").Whole} Whole
 * @typedef {import("./codec.js").Codec} Codec
 * @typedef {import("./frames.js").Answer} Answer
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./limits.js").Limits} Limits
 */

/** The codec of frames that are plain objects. */
const TEXT = "json";

/**
 * What a message brought. `size` is that of the frame as it came, in bytes; of a plain object about that, and no more than
 * tells whether to acknowledge it at once.
 *
 * @typedef {{type: "frame", frame: Frame, size: number} | {type: "answer"} | {type: "part"}} Arrival
 */

/** The way from the bodies of messages to the frames of one channel: its codec, its dictionaries, parts of a frame. */
export class Incoming {
  /** Bytes of frames that came as bytes or in parts, of dictionaries, since the last call of `takeCounts`. */
  #counts = { bytes: 0, dictionaryBytes: 0 };
  #codecs;
  #limits;
  #codec = TEXT;
  #assembly;
  #dictionaries;

  /**
   * @param {ReadonlyMap<string, Codec | null>} codecs Those that were offered, by name.
   * @param {Readonly<Limits>} limits
   */
  constructor(codecs, limits) {
    this.#codecs = codecs;
    this.#limits = limits;
    this.#assembly = new Assembly(limits.maxEncodedBytes);
    this.#dictionaries = new Dictionaries(limits);
  }

  /** The ids of the dictionaries that are here. */
  get dictionaries() {
    return this.#dictionaries.ids;
  }

  /** A new connection: what was agreed on the last one, and what was under way, is void. */
  reset() {
    this.#codec = TEXT;
    this.dropParts();
  }

  /** Whatever was begun is over. */
  dropParts() {
    this.#assembly.drop();
  }

  /** Return what was counted since the last call. */
  takeCounts() {
    const counts = this.#counts;
    this.#counts = { bytes: 0, dictionaryBytes: 0 };
    return counts;
  }

  /**
   * @param {unknown} body
   * @param {Answer | null} answer
   * @returns {Arrival}
   * @throws {ProtocolError} It cannot be read. `UnknownDictionary`: not yet.
   */
  receive(body, answer) {
    const codec = answer?.codec ?? this.#codec;
    if (isDictionary(body)) {
      this.#assembly.drop();
      this.#counts.dictionaryBytes += this.#dictionaries.add(body, (name) => this.#decoder(name));
      return { type: "part" };
    }
    if (!isPart(body)) {
      this.#assembly.drop();
      return this.#receiveWhole(body, answer, codec);
    }
    const part = parsePart(body);
    this.#counts.bytes += part.data.length;
    const whole = this.#assembly.add(part, codec);
    return whole === null ? { type: "part" } : this.#receiveJoined(whole, codec);
  }

  /**
   * @param {unknown} body
   * @param {Answer | null} answer
   * @param {string} codec
   * @returns {Arrival}
   */
  #receiveWhole(body, answer, codec) {
    this.#codec = codec;
    if (body === null || body === undefined) {
      if (answer === null) throw new ProtocolError("a message with neither a frame nor an answer");
      return { type: "answer" };
    }
    const bytes = toBytes(body);
    if (bytes !== null) {
      this.#counts.bytes += bytes.length;
      return { type: "frame", frame: this.#decode(bytes, codec), size: bytes.length };
    }
    // Socket.IO parsed it already, without limits.
    admitValue(body, TEXT, this.#limits);
    return { type: "frame", frame: readFrame(body, this.#limits), size: estimateJsonSize(body, ACK_BYTES) };
  }

  /**
   * @param {Whole} whole
   * @param {string} codec
   * @returns {Arrival}
   */
  #receiveJoined({ bytes, isText }, codec) {
    this.#codec = codec;
    const frame = isText ? readFrame(decodeJson(bytes, TEXT, this.#limits), this.#limits) : this.#decode(bytes, codec);
    return { type: "frame", frame, size: bytes.length };
  }

  /** @param {Uint8Array} bytes @param {string} codec */
  #decode(bytes, codec) {
    const decoder = this.#decoder(codec);
    const context = { limits: this.#limits, dictionary: (/** @type {string} */ id) => this.#dictionaries.get(id) };
    let value;
    try {
      value = decoder.decode(bytes, context);
    } catch (error) {
      if (error instanceof SyncError) throw error;
      throw new DecodeError(codec, error instanceof Error ? error.message : `${error}`); // of an application's own codec
    }
    return readFrame(value, this.#limits);
  }

  /** @param {string} codec */
  #decoder(codec) {
    const decoder = this.#codecs.get(codec);
    if (!decoder) throw new ProtocolError(`bytes of codec ${codec}, for which connect() was given no decoder`);
    return decoder;
  }
}
