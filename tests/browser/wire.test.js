/** What travels: dictionaries, frames in parts and every codec, from a real server to a real browser. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "./browser.js";
import { startModule } from "./server.js";

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startModule(["tests.browser.wire_server"])]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.stop()]);
});

const edit = (times) => fetch(`${server.url}edit?times=${times}`, { method: "POST" });

/** Open the page and run `use` with it; it must not have complained. */
async function withPage(codecs, use) {
  const page = await browser.newPage();
  const problems = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.stack));
  await page.goto(`${server.url}?codecs=${codecs}`);
  await page.waitForFunction(() => globalThis.view?.channel.status === "live");
  await use(page);
  assert.deepEqual(problems, []);
  await page.close();
}

/** What the page has seen and counted. */
const seen = (page) =>
  page.evaluate(() => {
    const { bodies, hub, channel } = globalThis.view;
    const count = (type) => bodies.filter((body) => body === type).length;
    const bodyCounts = { parts: count("part"), dictionaries: count("dictionary"), bytes: count("bytes") };
    return { ...bodyCounts, stats: { ...hub.stats }, status: channel.status, offset: channel.position.offset };
  });

/** Wait until the page shows the server's document. */
async function untilEqual(page) {
  const document = await server.document();
  const progress = Math.max(...Object.values(document.all_nodes).map((node) => node.progress));
  await page.waitForFunction((expected) => {
    const nodes = Object.values(globalThis.view.channel.getSnapshot().all_nodes);
    return Math.max(...nodes.map((node) => node.progress)) === expected;
  }, progress);
  assert.deepEqual(await page.evaluate(() => globalThis.view.channel.getSnapshot()), document);
}

const CODECS = ["default", "ALL_CODECS", "msgpackDeflateDictionary", "jsonZstd", "msgpackZstd", "jsonGzip", "msgpack", "json"];

for (const codecs of CODECS) {
  const hasDictionaries = ["default", "ALL_CODECS", "msgpackDeflateDictionary"].includes(codecs);

  test(`${codecs}: a keyframe in parts, then patches${hasDictionaries ? ", with a dictionary in between" : ""}`, () =>
    withPage(codecs, async (page) => {
      const first = await seen(page);
      assert.ok(first.parts > 5, `the keyframe came in ${first.parts} parts`);
      assert.equal(first.stats.keyframes, 1);
      await untilEqual(page);

      await edit(120); // a dictionary is made of the first 100
      await untilEqual(page);
      await edit(10);
      await untilEqual(page);

      const last = await seen(page);
      assert.deepEqual([last.stats.keyframes, last.stats.garbage, last.stats.resyncs], [1, 0, 0]);
      assert.ok(last.stats.patches >= 130 && last.status === "live", JSON.stringify(last));
      assert.equal(last.dictionaries > 0, hasDictionaries);
      assert.equal(last.stats.dictionaryBytes > 0, hasDictionaries);
    }));
}

describe("a page that reads", () => {
  const readers = async () => (await fetch(`${server.url}readers.json`)).json();

  for (const codecs of ["default", "json"]) {
    test(`${codecs}: is live after more frames than a server sends to one that is silent`, () =>
      withPage(codecs, async (page) => {
        const before = await readers();
        await edit(300);
        await untilEqual(page);
        const { status, stats } = await seen(page);
        assert.deepEqual([status, stats.resyncs], ["live", 0]);
        const after = await readers();
        assert.ok(stats.acks > 0 && after.acks > before.acks, JSON.stringify([stats, before, after]));
        assert.deepEqual([after.parked, after.let_go], [0, 0]);
      }));
  }
});

describe("a connection that is cut", () => {
  test("is restored without a dictionary sent twice, and goes on with it", () =>
    withPage("default", async (page) => {
      await edit(5);
      await untilEqual(page);
      const before = await seen(page);
      assert.equal(before.dictionaries, 1);
      await page.evaluate(() => globalThis.view.socket.disconnect());
      await edit(3);
      await page.evaluate(() => globalThis.view.socket.connect());
      await page.waitForFunction(() => globalThis.view.channel.status === "live");
      await edit(3);
      await untilEqual(page);
      const after = await seen(page);
      assert.deepEqual([after.dictionaries, after.stats.keyframes, after.stats.garbage], [1, 1, 0]);
      assert.ok(after.offset > before.offset);
    }));

  test("frames with a dictionary are a fraction of those without", () =>
    withPage("default", async (page) => {
      await edit(1);
      await untilEqual(page);
      const before = await seen(page);
      await edit(20);
      await untilEqual(page);
      const after = await seen(page);
      const size = (after.stats.bytes - before.stats.bytes) / 20;
      assert.ok(size < 120, `${size} bytes a frame`);
    }));
});
