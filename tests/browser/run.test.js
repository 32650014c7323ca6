/** A run, watched in a real browser on the real server. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { closePage, launchBrowser, openPage, replica, row, untilAsked, untilEnded } from "./browser.js";
import { startServer } from "./server.js";

const CUT_MS = 3_000;

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** Run `use` with a server and stop it afterwards. */
async function withServer(options, use) {
  const server = await startServer(options);
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

test("a run is shown live, survives a cut connection, and ends as the server's document", async (t) => {
  await withServer({ paceMs: 80 }, async (server) => {
    const page = await openPage(browser, server.url);
    await page.evaluate(() => {
      globalThis.loadedOnce = true;
    });

    await t.test("nodes appear with their status", async () => {
      assert.equal(await page.locator("h1").textContent(), "library");
      for (const title of ["library", "README.md", "broken.py", "long.py", "shelf"]) await row(page, title).waitFor();
      await row(page, "broken.py").getByText("Failed").waitFor();
    });

    await t.test("the text of an open node grows", async () => {
      await row(page, "long.py").click();
      assert.equal(await page.locator("#detail-title").textContent(), "long.py");
      const length = () => page.locator("#result").evaluate((result) => result.textContent.length);
      const growsBeyond = (before) =>
        page.waitForFunction((least) => document.querySelector("#result").textContent.length > least, before);
      for (let times = 0; times < 4; times += 1) await growsBeyond(await length());
      const { scrolled, end } = await page.locator("#result").evaluate(({ scrollTop, clientHeight, scrollHeight }) => ({
        scrolled: scrollTop + clientHeight,
        end: scrollHeight,
      }));
      assert.ok(end - scrolled < 40, `the text stays at its end: ${scrolled} of ${end} px`);
    });

    await t.test("the connection is cut: the page says that it is out of date, and the run goes on", async () => {
      await page.getByRole("button", { name: "Cut connection" }).click();
      assert.equal(await page.evaluate(() => globalThis.agentView.socket.connected), false);
      await page.locator("body[data-stale][data-connection=cut]").waitFor();
      assert.match(await page.locator(".connection").textContent(), /Connection cut.*The server goes on without this page/s);
      const held = await replica(page);
      await sleep(CUT_MS);
      assert.deepEqual(await replica(page), held, "nothing arrives over a cut connection");
      assert.notDeepEqual(await server.document(), held, "the server went on");
      assert.match(await page.locator("#connection-more").textContent(), /state of [2-9] s ago/);
    });

    await t.test("the connection is restored: the page catches up by a patch, without a reload", async () => {
      await page.getByRole("button", { name: "Restore" }).click();
      await page.locator("body[data-connection=live]:not([data-stale])").waitFor();
      assert.equal(await page.evaluate(() => globalThis.agentView.hub.stats.keyframes), 1, "one keyframe, at the start");
      assert.equal(await page.evaluate(() => globalThis.loadedOnce), true);
    });

    await t.test("the question is answered by a click", async () => {
      await untilAsked(page);
      assert.match(await page.locator("#question-text").textContent(), /shelf has 8 entries/);
      await page.getByRole("button", { name: "Approve" }).click();
      await page.locator("#question", { hasText: "You approved." }).waitFor();
      await row(page, "module_7.py").waitFor();
    });

    await t.test("the run ends, and the replica equals the server's document", async () => {
      await untilEnded(page);
      const document = await server.document();
      await page.waitForFunction(
        (expected) => JSON.stringify(globalThis.agentView.channel.getSnapshot().run) === expected,
        JSON.stringify(document.run),
      );
      assert.deepEqual(await replica(page), document);
      assert.equal(Object.keys(document.all_nodes).length, 13);
    });

    await t.test("what is shown is what the document says", async () => {
      const document = await server.document();
      const statuses = Object.values(document.all_nodes).map((node) => node.status);
      const words = await page.locator("#tree-rows .cell-status").allTextContents();
      assert.deepEqual(words.map((word) => word.toUpperCase()).sort(), statuses.sort());
      const long = Object.values(document.all_nodes).find((node) => node.path === "long.py");
      assert.equal(await page.locator("#result").textContent(), long.full_result);
      assert.equal(await page.locator("#calls .call").count(), long.execution_details.tool_calls.length);
    });

    await t.test("the panel tells what that cost", async () => {
      const figure = async (id) => (await page.locator(id).textContent()).replaceAll(",", "");
      assert.ok(Number.parseFloat(await figure("#ratio")) > 10, `ratio ${await figure("#ratio")}`);
      assert.equal(
        Number(await figure("#stat-offset")),
        await page.evaluate(() => globalThis.agentView.channel.position.offset),
      );
      assert.match(await page.locator("#chart").getAttribute("aria-label"), /whole snapshots would have taken/);
      assert.match(await page.locator("#chart").getAttribute("aria-label"), /cut off once/);
      assert.match(await figure("#stat-latency"), /^\d+ ms$/);
      assert.ok((await page.locator("#event-list li").count()) <= 50);
      assert.ok((await page.locator("#event-list li[data-kind=error_notification]").count()) <= 1);
    });

    await closePage(page);
  });
});

test("somebody else's answer is shown, a number limits the work, and a run can be started again", async (t) => {
  await withServer({ paceMs: 2 }, async (server) => {
    const [page, other] = [await openPage(browser, server.url), await openPage(browser, server.url)];
    await untilAsked(page);

    await t.test("both see the question; the focus stays where it is", async () => {
      await untilAsked(other);
      assert.equal(await page.evaluate(() => document.activeElement === document.body), true);
      assert.match(await page.locator("#announcer").textContent(), /The agent asks: .*shelf/);
    });

    await t.test("a number below 1 is refused before it is sent", async () => {
      await other.getByLabel("Limit to").fill("0");
      await other.getByRole("button", { name: "Modify" }).click();
      assert.equal(await other.locator("#question-problem").textContent(), "Give a whole number, 1 or more.");
    });

    await t.test("the other one allows three entries", async () => {
      await other.getByLabel("Limit to").fill("3");
      await other.getByLabel("Limit to").press("Enter");
      await other.locator("#question", { hasText: "You approved the first 3." }).waitFor();
      await page.locator("#question", { hasText: "Viewer 2 approved the first 3." }).waitFor();
      await untilEnded(page);
      assert.equal(await row(page, "module_2.py").count(), 1);
      assert.equal(await row(page, "module_3.py").count(), 0);
    });

    await t.test("the next run begins with a fresh document, and is aborted", async () => {
      await page.getByRole("button", { name: "Run again" }).click();
      await untilAsked(other);
      await other.getByRole("button", { name: "Abort" }).click();
      await untilEnded(page, "Aborted");
      await untilEnded(other, "Aborted");
      assert.deepEqual(await replica(page), await server.document());
      assert.deepEqual(await replica(other), await server.document());
    });

    await closePage(other);
    await closePage(page);
  });
});

test("the page outlives its server, and shows the next one's document", async () => {
  const first = await startServer({ paceMs: 2, askAbove: 100 });
  const page = await openPage(browser, first.url);
  await untilEnded(page);
  await first.stop();
  await page.locator("body[data-connection=lost][data-stale]").waitFor();
  assert.equal(await row(page, "long.py").count(), 1, "the last state stays readable");

  const port = Number(new URL(first.url).port);
  await withServer({ port, paceMs: 2, askAbove: 100, files: { "library.md": "# Only this\n" } }, async (second) => {
    await page.locator("body[data-connection=live]").waitFor({ timeout: 20_000 });
    await row(page, "library.md").waitFor();
    await untilEnded(page);
    assert.deepEqual(await replica(page), await second.document());
    assert.equal(await row(page, "long.py").count(), 0);
    const network = (problem) => /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|socket\.io/.test(problem);
    assert.deepEqual(page.problems.filter((problem) => !network(problem)), []);
    await page.context().close();
  });
});
