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
export function binaryCodec(name: string, ...steps: ((input: any) => any)[]): Codec;
/**
 * Return the value that UTF-8 bytes of JSON mean.
 *
 * @param {Uint8Array} bytes
 * @returns {any}
 */
export function parseJson(bytes: Uint8Array): any;
export type Codec = import("./hub.js").Codec;
