/** The page fits every width, stands still while it streams, and does little for a small change. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, launchBrowser, openPage, row, untilAsked, untilEnded } from "./browser.js";
import { startServer } from "./server.js";

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer({ paceMs: 5 })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

test("nothing but rows and events moves while the run streams", async () => {
  const page = await openPage(browser, server.url);
  await page.evaluate(() => {
    globalThis.moved = [];
    new PerformanceObserver((list) => {
      for (const { sources } of list.getEntries()) {
        for (const { node, previousRect: from, currentRect: to } of sources) {
          const element = node instanceof Element ? node : node?.parentElement;
          const distance = Math.max(Math.abs(from.x - to.x), Math.abs(from.y - to.y));
          // Rows make room for new ones and a log scrolls; digits grow to the left of a right edge; the state of the
          // run has words of different lengths; the question is gone once it is answered.
          const expected = "#tree-rows, #event-list, .number, .run-state, #question";
          if (!element || element.closest(expected) || distance < 1) continue;
          globalThis.moved.push(`${element.id || element.getAttribute("class") || element.tagName} by ${distance} px`);
        }
      }
    }).observe({ type: "layout-shift" });
  });
  await untilAsked(page);
  await page.locator("#answer-approve").click();
  await untilEnded(page);
  assert.deepEqual(await page.evaluate(() => globalThis.moved), []);
  await closePage(page);
});

test("no width makes the page scroll sideways, live or cut off", async () => {
  const page = await openPage(browser, server.url);
  await row(page, "long.py").click();
  const tooWide = async () => {
    const found = [];
    for (const width of [320, 360, 480, 768, 1024, 1180, 1440, 2200]) {
      await page.setViewportSize({ width, height: 800 });
      const pixels = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (pixels > 0) found.push(`${pixels} px at ${width}`);
    }
    return found;
  };
  assert.deepEqual(await tooWide(), []);
  await page.locator("#cut").click();
  await page.locator("body[data-stale]").waitFor();
  assert.deepEqual(await tooWide(), []);
  await closePage(page);
});

test("the page follows the run: the open task is being written, and its row is in sight", async () => {
  const following = await startServer({ paceMs: 25, askAbove: 100 });
  try {
    const page = await openPage(browser, following.url, { viewport: { width: 1280, height: 720 } });
    await page.waitForFunction(() => {
      const opened = document.querySelector(".row[aria-selected=true][data-status=RUNNING]");
      return opened?.textContent.startsWith("module_") && document.querySelector("#result").textContent.length > 100;
    });
    const hidden = await page.evaluate(() => {
      const rows = document.querySelector("#tree-rows").getBoundingClientRect();
      const opened = document.querySelector(".row[aria-selected=true]").getBoundingClientRect();
      return Math.max(0, rows.top - opened.top, opened.bottom - rows.bottom);
    });
    assert.equal(hidden, 0, "pixels out of sight");
    assert.equal(
      await page.locator(".row[aria-selected=true] .cell-title").textContent(),
      await page.locator("#detail-title").textContent(),
    );
    await page.locator("#tree-rows").hover();
    await page.mouse.wheel(0, 60);
    await page.locator("#follow[aria-pressed=false]").waitFor();
    await closePage(page);
  } finally {
    await following.stop();
  }
});

test("one changed task among 1,000 touches one row", async () => {
  const page = await openPage(browser, server.url);
  const touched = await page.evaluate(async () => {
    const { Tree } = await import("/static/js/tree.js");
    const { compareNodes } = await import("/static/js/graph.js");
    const node = (id, parent) => ({
      task_id: id,
      path: parent === null ? "." : id,
      node_type: parent === null ? "PLAN" : "EXECUTE",
      parent_node_id: parent,
      planned_sub_task_ids: [],
      status: "PENDING",
      progress_percentage: 0,
    });
    const ids = Array.from({ length: 1000 }, (_, index) => `root.${index}`);
    const before = Object.fromEntries([["root", node("root", null)], ...ids.map((id) => [id, node(id, "root")])]);
    const after = { ...before, "root.500": { ...before["root.500"], status: "RUNNING", progress_percentage: 50 } };
    const body = document.createElement("div");
    document.body.append(body);
    const tree = new Tree(body, () => {});
    tree.render(before, compareNodes({}, before));
    const rows = body.childElementCount;
    const observer = new MutationObserver(() => {});
    observer.observe(body, { subtree: true, childList: true, attributes: true, characterData: true });
    tree.render(after, compareNodes(before, after));
    const titles = observer.takeRecords().map(({ target }) => {
      const element = target instanceof Element ? target : target.parentElement;
      return element.closest(".row")?.dataset.id ?? "outside any row";
    });
    return { rows, titles: [...new Set(titles)] };
  });
  assert.deepEqual(touched, { rows: 1001, titles: ["root.500"] });
  await closePage(page);
});

test("children stand in the order of the plan, whatever the order of the document", async () => {
  const page = await openPage(browser, server.url);
  const rows = await page.evaluate(async () => {
    const { orderRows } = await import("/static/js/graph.js");
    const node = (parent, planned = []) => ({ parent_node_id: parent, planned_sub_task_ids: planned });
    const nodes = { late: node("root"), b: node("root"), root: node(null, ["a", "b"]), "a.1": node("a"), a: node("root") };
    return {
      open: orderRows(nodes, new Set()).map(({ id, level, position, siblings }) => [id, level, position, siblings]),
      folded: orderRows(nodes, new Set(["a"])).map(({ id, children }) => [id, children]),
    };
  });
  assert.deepEqual(rows.open, [
    ["root", 1, 1, 1],
    ["a", 2, 1, 3],
    ["a.1", 3, 1, 1],
    ["b", 2, 2, 3],
    ["late", 2, 3, 3],
  ]);
  assert.deepEqual(rows.folded, [["root", 3], ["a", 1], ["b", 0], ["late", 0]]);
  await closePage(page);
});
