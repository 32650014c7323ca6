/** The server's end of every codec, out of other libraries than the client's. */

import { deflateRawSync, gzipSync } from "node:zlib";

import { encode } from "@msgpack/msgpack";

import { crc32 } from "../../src/realtime_sync/js/crc32.js";

export const [PLAIN, COMPRESSED, WITH_DICTIONARY] = [0, 1, 2];

const jsonBytes = (value) => Buffer.from(JSON.stringify(value));

const MAX_BLOCK_BYTES = 2 ** 17;

/** A zstd frame of blocks that are not compressed; Node has no compressor before version 22. */
export function zstdStored(bytes) {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), size];
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_BLOCK_BYTES) {
    const piece = bytes.subarray(at, at + MAX_BLOCK_BYTES);
    const header = Buffer.alloc(3);
    header.writeUIntLE((piece.length << 3) | Number(at + MAX_BLOCK_BYTES >= bytes.length), 0, 3);
    parts.push(header, piece);
  }
  return Buffer.concat(parts);
}

export const SERIALIZERS = { json: jsonBytes, msgpack: (value) => Buffer.from(encode(value, { maxDepth: 500 })) };

export const COMPRESSORS = {
  deflate: (bytes, dictionary) => deflateRawSync(bytes, { level: 6, dictionary }),
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdStored(bytes),
};

export const envelope = (tag, ...content) => Buffer.concat([Buffer.from([tag]), ...content]);

/** Encode as the server does; with a dictionary if one is given. */
export function encodeAs(codec, value, dictionary) {
  const [serializer, compressor] = codec.split("+");
  const bytes = SERIALIZERS[serializer](value);
  if (compressor === undefined) return bytes;
  if (dictionary === undefined) return envelope(COMPRESSED, COMPRESSORS[compressor](bytes));
  const id = Buffer.alloc(4);
  id.writeUInt32BE(crc32(dictionary));
  return envelope(WITH_DICTIONARY, id, COMPRESSORS[compressor](bytes, dictionary));
}

/** The body that brings a dictionary. */
export function dictionaryBody(codec, content) {
  const data = envelope(COMPRESSED, COMPRESSORS[codec.split("+")[1]](content));
  return { type: "dictionary", codec, id: crc32(content).toString(16).padStart(8, "0"), data };
}
