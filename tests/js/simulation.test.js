/**
 * A primary, replicas and a bad network between them, for seeded random runs.
 *
 * Checked at every step: a live replica shows exactly the document of its position, and within an epoch no position
 * goes back. Checked when the network is good again: every replica equals the primary.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../../src/realtime_sync/js/backoff.js";
import { ProtocolError } from "../../src/realtime_sync/js/errors.js";
import { parseAnswer, parseFrame } from "../../src/realtime_sync/js/frames.js";
import { applyPatch } from "../../src/realtime_sync/js/patch.js";
import { toWire } from "../../src/realtime_sync/js/position.js";
import { Replica } from "../../src/realtime_sync/js/replica.js";
import { pick, sample, seeded } from "./seeded.js";

/** The writing end: remembers every document that there was, by epoch and offset. */
class Primary {
  #epochs = 0;

  constructor(random) {
    this.random = random;
    this.documents = new Map();
    this.restart();
  }

  /** Lose everything: a new life of the log, in which there may be no document yet. */
  restart() {
    this.epoch = `epoch${++this.#epochs}`;
    this.offset = 0;
    this.frames = [];
    this.document = undefined;
  }

  /** Make a change and return its frame. */
  write() {
    const patch = this.document === undefined ? null : this.#patch();
    const base = this.offset++;
    this.document = patch === null ? { text: "", tree: sample(this.random, 3) } : applyPatch(this.document, patch);
    this.documents.set(`${this.epoch}:${this.offset}`, JSON.stringify(this.document));
    const frame =
      patch === null ? this.#keyframe() : { type: "delta", epoch: this.epoch, base, offset: this.offset, patch };
    this.frames.push({ ...frame, events: [["written", this.offset]] });
    return this.frames.at(-1);
  }

  /** Answer a request: [body, answer]. */
  catchUp(request, position) {
    const answer = (outcome, more = {}) => ({ request, outcome, codec: "json", ...more });
    if (this.random() < 0.05) return [null, { request, outcome: "unavailable" }];
    if (this.document === undefined) return [null, answer("waiting", { position: [this.epoch, 0] })];
    if (position === null || position[0] !== this.epoch || this.random() < 0.2)
      return [this.#keyframe(), answer("keyframe")];
    const [, offset] = position;
    if (offset === this.offset) return [null, answer("up_to_date", { position })];
    const patch = this.frames.slice(offset).flatMap((frame) => frame.patch ?? []);
    return [{ type: "delta", epoch: this.epoch, base: offset, offset: this.offset, patch }, answer("patch")];
  }

  #keyframe() {
    return { type: "keyframe", epoch: this.epoch, offset: this.offset, document: this.document };
  }

  #patch() {
    const kind = this.random();
    if (kind < 0.5) return [{ op: "append", path: "/text", value: pick(this.random, ["a", "b"]) }];
    if (kind < 0.9) return [{ op: "add", path: `/${pick(this.random, "xyz")}`, value: sample(this.random, 2) }];
    return [{ op: "replace", path: "", value: { text: this.document.text, tree: sample(this.random, 3) } }];
  }
}

/** A replica and its connection, which loses, repeats and reorders when it is bad. */
class Subscriber {
  #highest = new Map();
  #queue = [];

  constructor(primary, random) {
    this.primary = primary;
    this.random = random;
    this.replica = new Replica({ backoff: new Backoff({ baseS: 2, random }) });
    this.isConnected = false;
    this.isSubscribed = false;
  }

  connect(now) {
    this.isConnected = true;
    this.#ask(this.replica.request(now));
  }

  disconnect() {
    this.isConnected = this.isSubscribed = false;
    this.#queue = [];
    this.replica.disconnected();
  }

  /** The server sends something. */
  send(body, answer, isBad) {
    const message = JSON.stringify([body, answer]);
    if (isBad && this.random() < 0.1) return;
    const place =
      isBad && this.random() < 0.2 ? Math.floor(this.random() * (this.#queue.length + 1)) : this.#queue.length;
    this.#queue.splice(place, 0, message);
    if (isBad && this.random() < 0.1) this.#queue.push(message);
  }

  /** The oldest message on its way arrives. */
  deliver(now, isBad) {
    if (this.#queue.length === 0) return false;
    this.#take(this.#receive(JSON.parse(this.#queue.shift()), now, isBad), isBad);
    return true;
  }

  tick(now, isBad) {
    this.#take(this.replica.tick(now), isBad);
  }

  #receive([body, wireAnswer], now, isBad) {
    const answer = wireAnswer && parseAnswer(wireAnswer);
    if (isBad && this.random() < 0.02) return this.replica.receiveGarbage(new ProtocolError("noise"), answer, now);
    return body === null
      ? this.replica.receiveAnswer(answer, now)
      : this.replica.receiveFrame(parseFrame(body), answer, now);
  }

  #take(happenings, isBad) {
    for (const happening of happenings) if (happening.type === "resync_needed") this.#ask(happening, isBad);
    this.#check();
  }

  #ask({ request, position }, isBad) {
    if (isBad && this.random() < 0.1) return;
    const [body, answer] = this.primary.catchUp(request, toWire(position));
    if (answer.outcome !== "unavailable") this.isSubscribed = true;
    this.send(body, answer, isBad);
  }

  #check() {
    const { state, position, document } = this.replica;
    if (state !== "live") return;
    assert.equal(
      JSON.stringify(sorted(document)),
      JSON.stringify(sorted(JSON.parse(this.primary.documents.get(`${position.epoch}:${position.offset}`)))),
    );
    assert.ok(position.offset >= (this.#highest.get(position.epoch) ?? 0), "it went back in time");
    this.#highest.set(position.epoch, position.offset);
  }
}

/** The same value with its members in order of their keys. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

function simulate(seed, steps) {
  const random = seeded(seed);
  const primary = new Primary(random);
  const subscribers = Array.from({ length: 3 }, () => new Subscriber(primary, random));
  let now = 0;
  for (let step = 0; step < steps; step++) {
    now += random() * 0.2;
    const action = random();
    const subscriber = pick(random, subscribers);
    if (action < 0.01) {
      primary.restart();
      for (const each of subscribers) if (random() < 0.7) each.disconnect(); // the others see the new epoch come
    } else if (action < 0.03) subscriber.disconnect();
    else if (action < 0.3) {
      const frame = primary.write();
      for (const each of subscribers) if (each.isSubscribed) each.send(frame, null, true);
    } else if (!subscriber.isConnected) subscriber.connect(now);
    else subscriber.deliver(now, true);
    for (const each of subscribers) if (each.isConnected) each.tick(now, true);
  }
  settle(primary, subscribers, now);
}

/** The network is good again: write once more, and let everything arrive. */
function settle(primary, subscribers, now) {
  const write = () => {
    const frame = primary.write();
    for (const each of subscribers) if (each.isSubscribed) each.send(frame, null, false);
  };
  for (const each of subscribers) if (!each.isConnected) each.connect(now);
  write();
  for (let round = 0; round < 60; round++) {
    now += 10;
    for (const each of subscribers) {
      while (each.deliver(now, false));
      each.tick(now, false);
    }
    if (round === 30) write();
  }
  for (const { replica } of subscribers) {
    assert.equal(replica.state, "live");
    assert.deepEqual(toWire(replica.position), [primary.epoch, primary.offset]);
    assert.deepEqual(sorted(replica.document), sorted(primary.document));
  }
}

for (let seed = 1; seed <= 40; seed++) {
  test(`over a network that loses, repeats, reorders and garbles, seed ${seed}`, () => simulate(seed, 1_000));
}
