/**
 * Every codec of the server that can be decoded without WebAssembly: `connect(io(), { codecs: ALL_CODECS })`.
 *
 * Missing are zstd's dictionaries, for which there is no decoder in JavaScript; DEFLATE's make frames as small.
 */

import { compressedCodec, dictionaryCodec, plainCodec } from "./codec.js";
import { gunzip, inflate } from "./deflate.js";
import { jsonDeflate, jsonDeflateDictionary } from "./default_codecs.js";
import { decodeJson } from "./json.js";
import { decodeMsgpack } from "./msgpack.js";
import { unzstd } from "./zstd.js";

const JSON_TEXT = { name: "json", decode: decodeJson };
const MSGPACK = { name: "msgpack", decode: decodeMsgpack };
const DEFLATE = { name: "deflate", decompress: inflate };
const GZIP = { name: "gzip", decompress: gunzip };
const ZSTD = { name: "zstd", decompress: unzstd };

export { jsonDeflate, jsonDeflateDictionary };
export const jsonGzip = compressedCodec(JSON_TEXT, GZIP);
export const jsonZstd = compressedCodec(JSON_TEXT, ZSTD);
export const msgpack = plainCodec(MSGPACK);
export const msgpackGzip = compressedCodec(MSGPACK, GZIP);
export const msgpackDeflate = compressedCodec(MSGPACK, DEFLATE);
export const msgpackDeflateDictionary = dictionaryCodec(MSGPACK, DEFLATE);
export const msgpackZstd = compressedCodec(MSGPACK, ZSTD);

/** In order of preference: what makes the smallest frames first. @type {readonly ("json" | import("./codec.js").Codec)[]} */
export const ALL_CODECS = [
  jsonDeflateDictionary,
  msgpackDeflateDictionary,
  jsonZstd,
  jsonDeflate,
  jsonGzip,
  msgpackZstd,
  msgpackDeflate,
  msgpackGzip,
  msgpack,
  "json",
];
