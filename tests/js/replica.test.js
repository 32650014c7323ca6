import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../../src/realtime_sync/js/backoff.js";
import { ProtocolError, UnknownDictionary } from "../../src/realtime_sync/js/errors.js";
import { parseAnswer, parseFrame } from "../../src/realtime_sync/js/frames.js";
import { toWire } from "../../src/realtime_sync/js/position.js";
import { Replica } from "../../src/realtime_sync/js/replica.js";
import { conformance } from "./conformance.js";

const STEP_KEYS = new Set([
  ...["ask", "frame", "answer", "garbage", "unknown_dictionary", "part", "tick", "disconnected", "now"],
  ...["state", "position", "document", "no_document", "events", "dropped", "mismatch", "asked", "closed", "refused", "deadline"],
  ...["lost", "resynced"],
]);

function take(replica, step) {
  const answer = step.answer ? parseAnswer(step.answer) : null;
  if ("ask" in step) return [replica.request(step.ask)];
  if ("tick" in step) return replica.tick(step.tick);
  if (step.disconnected) return replica.disconnected() ?? [];
  if (step.unknown_dictionary) {
    return replica.receiveUnknownDictionary(new UnknownDictionary("json+deflate+dictionary", "0"), answer, step.now);
  }
  if (step.part) return replica.receivePart(answer, step.now);
  if (step.garbage) return replica.receiveGarbage(new ProtocolError("garbage"), answer, step.now);
  if (step.frame) return replica.receiveFrame(parseFrame(step.frame), answer, step.now);
  return replica.receiveAnswer(answer, step.now);
}

function check(replica, happenings, step, where) {
  const of = (type) => happenings.filter((happening) => happening.type === type);
  const asked = of("resync_needed").map(({ request, position, heard }) => ({
    request,
    position: toWire(position),
    ...("heard" in (step.asked ?? {}) && { heard: heard && [heard.epoch, heard.serial] }),
  }));
  assert.deepEqual(asked, step.asked ? [step.asked] : [], where);
  assert.deepEqual(
    of("events_lost").map(({ epoch, first, last }) => [epoch, first, last]),
    step.lost ?? [],
    where,
  );
  assert.deepEqual(
    of("resynced").map(({ reason, fromPosition, toPosition }) => [reason, toWire(fromPosition), toWire(toPosition)]),
    step.resynced ? [step.resynced] : [],
    where,
  );
  assert.deepEqual(
    of("event_received").map(({ name, data }) => [name, data]),
    step.events ?? [],
    where,
  );
  assert.equal(
    of("events_dropped").reduce((sum, { count }) => sum + count, 0),
    step.dropped ?? 0,
    where,
  );
  assert.deepEqual(
    of("checksum_mismatch").map(({ pointers }) => pointers),
    step.mismatch ? [step.mismatch] : [],
    where,
  );
  assert.deepEqual(
    of("refused").map(({ outcome }) => outcome),
    step.refused ? [step.refused] : [],
    where,
  );
  if ("state" in step) assert.equal(replica.state, step.state, where);
  if ("position" in step) assert.deepEqual(toWire(replica.position), step.position, where);
  if ("document" in step) assert.deepEqual(replica.document, step.document, where);
  if ("no_document" in step) assert.equal(replica.document, undefined, where);
  if ("closed" in step) assert.equal(replica.closedReason, step.closed, where);
  if ("deadline" in step) assert.equal(replica.deadline, step.deadline, where);
}

for (const { comment, steps } of conformance("replica")) {
  test(`replica.json: ${comment}`, () => {
    const replica = new Replica({ backoff: new Backoff({ baseS: 2, jitter: 0 }) });
    steps.forEach((step, index) => {
      const where = `step ${index}: ${JSON.stringify(step)}`;
      assert.deepEqual(
        Object.keys(step).filter((key) => !STEP_KEYS.has(key)),
        [],
        where,
      );
      check(replica, take(replica, step), step, where);
    });
  });
}
