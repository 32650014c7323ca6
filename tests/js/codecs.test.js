/** Every codec, and what a channel makes of its bytes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { dictionaryId, plainCodec } from "../../src/realtime_sync/js/codec.js";
import * as codecs from "../../src/realtime_sync/js/codecs.js";
import { crc32 } from "../../src/realtime_sync/js/crc32.js";
import { DEFAULT_CODECS } from "../../src/realtime_sync/js/default_codecs.js";
import { admitValue, decodeJson } from "../../src/realtime_sync/js/json.js";
import { DEFAULT_LIMITS, limitsWith } from "../../src/realtime_sync/js/limits.js";
import { DecodeError, LimitExceeded, ProtocolError, UnknownDictionary } from "../../src/realtime_sync/js/errors.js";
import { connect } from "../../src/realtime_sync/js/index.js";
import { conformance, limitsOf } from "./conformance.js";
import { COMPRESSED, PLAIN, SERIALIZERS, encodeAs, envelope } from "./encoders.js";
import { FakeClock, FakeSocket, delta, keyframe, replace } from "./fakes.js";

const CODECS = codecs.ALL_CODECS.filter((codec) => codec !== "json");
const NAMES = CODECS.map(({ name }) => name);
const DOCUMENT = { n: 7, text: "žluťoučký \u{1F680}", list: [null, true, false, -1.5, 2 ** 40, -(2 ** 33), { "": [] }] };
const NO_DICTIONARY = { limits: DEFAULT_LIMITS, dictionary: () => undefined };

const decode = (codec, bytes, limits = DEFAULT_LIMITS) => codec.decode(bytes, { ...NO_DICTIONARY, limits });

/** A channel on a connection that speaks `codec`. */
function open(codec, options = {}) {
  const socket = new FakeSocket();
  const hub = connect(socket, { codecs: [codec, "json"], clock: new FakeClock(), ...options });
  socket.connect();
  return { socket, hub, channel: hub.channel("a") };
}

test("the codecs are those of the server, the smallest frames first, and json last", () => {
  const combined = ["json", "msgpack"].flatMap((serializer) =>
    ["", "+gzip", "+zstd", "+deflate", "+deflate+dictionary"].map((rest) => serializer + rest),
  );
  assert.deepEqual([...NAMES, "json"].sort(), combined.sort());
  assert.match(NAMES[0], /\+dictionary$/);
  assert.equal(codecs.ALL_CODECS.at(-1), "json");
  assert.deepEqual(
    DEFAULT_CODECS.map((codec) => codec.name ?? codec),
    ["json+deflate+dictionary", "json+deflate", "json"],
  );
  assert.equal(new Set(Object.values(codecs).filter(({ name }) => name)).size, CODECS.length, "each has an export");
});

for (const codec of CODECS) {
  const { name } = codec;
  const write = (value) => encodeAs(name, value);

  test(`${name}: what was encoded is decoded exactly`, () => {
    for (const value of [DOCUMENT, null, 0, -0.5, "", [], {}, "x".repeat(70_000), Array(70_000).fill("é")])
      assert.deepEqual(decode(codec, write(value)), value);
    if (name.includes("+")) assert.deepEqual(decode(codec, envelope(PLAIN, SERIALIZERS[name.split("+")[0]]([1]))), [1]);
  });

  test(`${name}: text is what was written, whatever it begins with and however long it is`, () => {
    for (const text of ["\ufeffx", "\ufeff" + "x".repeat(300), "\u0000", "\u{1F680}".repeat(99), "é".repeat(40)])
      assert.deepEqual(decode(codec, write({ [text]: text })), { [text]: text });
  });

  test(`${name}: frames come as bytes, in both forms, the first with the answer that names the codec`, () => {
    const { socket, hub, channel } = open(codec);
    const first = write(["k", "A", 1, DOCUMENT]);
    socket.answer("keyframe", first, { codec: name });
    assert.deepEqual(channel.getSnapshot(), DOCUMENT);
    const second = write(["d", "A", 1, 1, [["", "=n", 8]], { events: [["e", { x: 1 }]] }]);
    socket.batchUpdate("a", second.buffer.slice(second.byteOffset, second.byteOffset + second.byteLength));
    assert.equal(channel.getSnapshot().n, 8, "an ArrayBuffer, as browsers have it");
    const third = write(delta(2, 3, replace("/n", 9)));
    socket.batchUpdate("a", Buffer.concat([Buffer.from("xx"), third]).subarray(2));
    assert.equal(channel.getSnapshot().n, 9, "a Buffer that is part of a larger one, as Node has it");
    assert.equal(hub.stats.bytes, first.length + second.length + third.length);
  });

  test(`${name}: a frame cut short, or of another codec, makes one clear error and a resync`, () => {
    const bytes = write(keyframe(1, DOCUMENT));
    const wrong = [
      new Uint8Array(),
      bytes.subarray(0, 1),
      bytes.subarray(0, bytes.length - 5),
      write(7),
      write([]),
      SERIALIZERS.json("\u0000"),
    ];
    for (const garbage of wrong) {
      const { socket, channel } = open(codec);
      socket.answer("keyframe", write(keyframe(1, DOCUMENT)), { codec: name });
      socket.batchUpdate("a", garbage);
      assert.equal(channel.status, "stale");
      assert.ok(channel.error instanceof ProtocolError, String(channel.error));
      assert.equal(socket.take().at(-1)[0], "sync:resync");
    }
  });

  test(`${name}: each limit holds by itself, and its error has both numbers`, () => {
    const value = Array(300).fill("x".repeat(20));
    const bytes = write(value);
    const plain = SERIALIZERS[name.split("+")[0]](value);
    const fitting = {
      maxEncodedBytes: bytes.length,
      maxDecodedBytes: plain.length,
      maxElements: 301,
      maxDepth: 1,
    };
    assert.deepEqual(decode(codec, bytes, limitsWith(fitting)), value);
    for (const limit of ["maxEncodedBytes", "maxDecodedBytes", "maxElements"]) {
      const tight = limitsWith({ ...fitting, [limit]: fitting[limit] - 1 });
      assert.throws(
        () => decode(codec, bytes, tight),
        (error) =>
          error instanceof LimitExceeded &&
          error.codec === name &&
          error.limit === limit &&
          error.allowed === fitting[limit] - 1 &&
          error.found >= fitting[limit],
      );
    }
    const nested = write(JSON.parse("[".repeat(205) + "]".repeat(205)));
    assert.throws(() => decode(codec, nested), /is over maxDepth=200/);
    assert.ok(decode(codec, nested, limitsWith({ maxDepth: 201 })));
  });

  test(`${name}: keys that every object inherits are keys, and no prototype is reached`, () => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":[{"__proto__":null}]}';
    const value = JSON.parse(text);
    const decoded = decode(codec, write(value));
    assert.equal(JSON.stringify(decoded), text);
    assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
    assert.equal(Object.getPrototypeOf(decoded.a[0]), Object.prototype);
    assert.equal({}.polluted, undefined);
  });
}

// ---- what is not JSON ----------------------------------------------------------------------------------------------

for (const [what, text] of Object.entries({
  "an escaped lone surrogate": '["\\ud800"]',
  "an escaped lone surrogate in a key": '{"\\udc00":1}',
  "a number beyond doubles": "[1e999]",
  "digits beyond doubles": `[${"9".repeat(400)}.5]`,
  "2^53": "[9007199254740992]",
  "-2^53": '{"a":-9007199254740992}',
  "a byte order mark": "\ufeff{}",
  NaN: "[NaN]",
})) {
  test(`JSON text: ${what} is refused`, () => {
    assert.throws(() => decode(codecs.jsonDeflate, envelope(PLAIN, Buffer.from(text))), DecodeError);
  });
}

test("JSON text: what looks dangerous and is not", () => {
  const text = '["\\ud83d\\ude80", 1e300, 1E2, 9007199254740991, 0.12345678901234567890, "9007199254740992", 1e-999]';
  assert.deepEqual(decode(codecs.jsonDeflate, envelope(PLAIN, Buffer.from(text))), JSON.parse(text));
});

test("JSON text: elements are counted as they are, whatever stands between them", () => {
  const texts = [
    ["[]", 1],
    ["[ ]", 1],
    ["{}", 1],
    ["[[],[ ],{}]", 4],
    ['{"a":[1,2],"b":{"c":"x,y]"}}', 6],
    ['["\\"", "\\\\", "]"]', 4],
    ["7", 1],
  ];
  for (const [text, elements] of texts) {
    const bytes = envelope(PLAIN, Buffer.from(text));
    assert.deepEqual(decode(codecs.jsonDeflate, bytes, limitsWith({ maxElements: elements })), JSON.parse(text));
    if (elements > 1)
      assert.throws(() => decode(codecs.jsonDeflate, bytes, limitsWith({ maxElements: elements - 1 })), LimitExceeded);
  }
});

test("a value that others parsed is admitted when it is JSON within limits", () => {
  const admit = (value, limits) => admitValue(value, "json", limitsWith(limits));
  admit(DOCUMENT, { maxElements: 12 });
  admit(Object.assign(Object.create(null), { a: 1 }));
  for (const value of [undefined, () => 1, 1n, Symbol("x"), NaN, Infinity, "\ud800", { "\udc00": 1 }, new Date(), [,]])
    assert.throws(() => admit([value]), DecodeError);
  assert.throws(() => admit(DOCUMENT, { maxElements: 11 }), /12 is over maxElements=11/);
  const cycle = [];
  cycle.push(cycle);
  assert.throws(() => admit(cycle), LimitExceeded);
  const deep = (levels) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  admit(deep(204));
  assert.throws(() => admit(deep(205)), /201 is over maxDepth=200/);
  assert.throws(() => admit(deep(100_000)), LimitExceeded);
});

// ---- envelopes -----------------------------------------------------------------------------------------------------

test("an envelope begins with a byte that says how to read the rest", () => {
  for (const bytes of [[], [3], [0x7b], [255, 1, 2]])
    assert.throws(() => decode(codecs.jsonDeflate, Uint8Array.from(bytes)), DecodeError);
  assert.throws(() => decode(codecs.jsonDeflate, Uint8Array.from([2, 1, 2, 3, 4, 5])), /no envelope begins with 2/);
  assert.throws(() => decode(codecs.jsonDeflateDictionary, Uint8Array.from([2, 1, 2])), /cut short/);
  assert.throws(
    () => decode(codecs.jsonDeflateDictionary, Uint8Array.from([2, 0xa1, 0xb2, 3, 4, 5])),
    (error) => error instanceof UnknownDictionary && error.id === "a1b20304",
  );
});

for (const codec of [codecs.jsonDeflateDictionary, codecs.msgpackDeflateDictionary]) {
  test(`${codec.name}: a frame is decoded with its dictionary, and with no other`, () => {
    const dictionary = Buffer.from('{"all_nodes":{"n7":{"status":"RUNNING","full_result":"'.repeat(3));
    const bytes = encodeAs(codec.name, DOCUMENT, dictionary);
    const held = new Map([[dictionaryId(dictionary), dictionary]]);
    const context = { limits: DEFAULT_LIMITS, dictionary: (id) => held.get(id) };
    assert.deepEqual(codec.decode(bytes, context), DOCUMENT);
    assert.throws(() => decode(codec, bytes), UnknownDictionary);
    const long = Buffer.alloc(40_000, "0123456789");
    held.set(dictionaryId(long), long);
    assert.deepEqual(codec.decode(encodeAs(codec.name, DOCUMENT, long), context), DOCUMENT);
  });
}

test("a dictionary's id is the CRC-32 of its content", () => {
  assert.equal(dictionaryId(Buffer.from("123456789")), "cbf43926");
  assert.equal(dictionaryId(Buffer.alloc(0)), "00000000");
  assert.equal(crc32(Buffer.from("6789"), crc32(Buffer.from("12345"))), 0xcbf43926);
});

// ---- bytes.json ----------------------------------------------------------------------------------------------------

/** What JavaScript has: all but zstd's dictionaries; and `json` as bytes, which is how its frames in parts are read. */
const DECODERS = new Map(CODECS.map((codec) => [codec.name, codec]));
DECODERS.set("json", plainCodec({ name: "json", decode: decodeJson }));

for (const { codec, comment, bytes, dictionaries = [], limits, ...outcome } of conformance("bytes")) {
  if (codec.endsWith("+zstd+dictionary")) continue;
  test(`bytes.json: ${codec}: ${comment}: ${bytes.slice(0, 60)}`, () => {
    const contents = dictionaries.map((content) => Buffer.from(content, "base64"));
    const held = new Map(contents.map((content) => [dictionaryId(content), content]));
    const context = { limits: limitsOf(limits), dictionary: (id) => held.get(id) };
    const decoded = () => DECODERS.get(codec).decode(Uint8Array.from(Buffer.from(bytes, "base64")), context);
    if ("expected" in outcome) assert.deepEqual(decoded(), outcome.expected);
    else if (outcome.unknown_dictionary === undefined) assert.throws(decoded, limits ? LimitExceeded : DecodeError);
    else assert.throws(decoded, (error) => error instanceof UnknownDictionary && error.id === outcome.unknown_dictionary);
  });
}

// ---- codecs on a connection ----------------------------------------------------------------------------------------

test("the codec that was agreed ends with the connection", () => {
  const { socket, channel } = open(codecs.msgpack);
  socket.answer("keyframe", encodeAs("msgpack", keyframe(1, DOCUMENT)), { codec: "msgpack" });
  socket.disconnect();
  socket.connect();
  socket.batchUpdate("a", encodeAs("msgpack", delta(1, 2, [])));
  assert.match(channel.error.message, /bytes of codec json/);
});

test("bytes of a codec that was not offered are an error that names it", () => {
  const { socket, channel } = open(codecs.msgpack);
  socket.answer("keyframe", new Uint8Array([1]), { codec: "json+zstd" });
  assert.match(channel.error.message, /bytes of codec json\+zstd, for which connect\(\) was given no decoder/);
});

test("the limits of connect() are those of every codec, and of plain objects", () => {
  const { socket, channel } = open(codecs.jsonDeflate, { limits: { maxElements: 10 } });
  socket.answer("keyframe", keyframe(1, Array(20).fill(0)));
  assert.match(channel.error.message, /over maxElements=10/);
  assert.ok(channel.error instanceof LimitExceeded);
  socket.batchUpdate("a", encodeAs("json+deflate", keyframe(1, Array(20).fill(0))));
  assert.ok(channel.error instanceof ProtocolError);
  assert.throws(() => connect(new FakeSocket(), { limits: { maxSize: 1 } }), RangeError);
});

test("a codec of the application's own is offered under its name; what it throws becomes one kind of error", () => {
  const reversed = {
    name: "reversed",
    decode: (bytes, { limits }) => {
      assert.equal(limits.maxDepth, 200);
      return JSON.parse(Buffer.from(bytes).reverse().toString());
    },
  };
  const { socket, channel } = open(reversed);
  assert.deepEqual(socket.take()[0][1].codecs, ["reversed", "json"]);
  socket.answer("keyframe", Buffer.from(JSON.stringify(keyframe(1, DOCUMENT))).reverse(), { codec: "reversed" });
  assert.deepEqual(channel.getSnapshot(), DOCUMENT);
  socket.batchUpdate("a", Buffer.from("{}x"));
  assert.ok(channel.error instanceof DecodeError);
  assert.match(channel.error.message, /^not a frame of codec reversed: /);
});

test("COMPRESSED alone is no frame", () => {
  for (const codec of CODECS.filter(({ name }) => name.includes("+")))
    assert.throws(() => decode(codec, Uint8Array.from([COMPRESSED])), DecodeError);
});
