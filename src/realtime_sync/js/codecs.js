/** Codecs for `connect(socket, { codecs })`, out of libraries that the application brings. */

import { ProtocolError } from "./errors.js";

/** @typedef {import("./hub.js").Codec} Codec */

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Return a codec that sends the bytes of a frame through `steps`, each taking what the one before returned.
 *
 *     import { gunzipSync, unzlibSync } from "fflate";
 *     import { decode } from "@msgpack/msgpack";
 *
 *     connect(io(), { codecs: [binaryCodec("json+gzip", gunzipSync, parseJson), "json"] });
 *     connect(io(), { codecs: [binaryCodec("msgpack+deflate", unzlibSync, decode), "json"] });
 *
 * @param {string} name As the server calls it: `json` or `msgpack`, and behind a `+` how it is compressed.
 * @param {...((input: any) => any)} steps The first takes a Uint8Array, the last returns the frame.
 * @returns {Codec}
 */
export function binaryCodec(name, ...steps) {
  return {
    name,
    decode(bytes) {
      try {
        return steps.reduce((value, step) => step(value), /** @type {any} */ (bytes));
      } catch (error) {
        throw new ProtocolError(`not a frame of codec ${name}: ${error instanceof Error ? error.message : error}`);
      }
    },
  };
}

/**
 * Return the value that UTF-8 bytes of JSON mean.
 *
 * @param {Uint8Array} bytes
 * @returns {any}
 */
export function parseJson(bytes) {
  return JSON.parse(UTF8.decode(bytes));
}
