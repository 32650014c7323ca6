/** axe-core finds nothing, in light and dark, on a desktop and a phone, in every state of the page. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, closePage, launchBrowser, openPage, row, untilAsked, untilEnded } from "./browser.js";
import { startServer } from "./server.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer({ paceMs: 1 })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** What axe-core finds, one line each. */
async function findings(page) {
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target }) => `${impact} ${id}: ${target}`));
}

const LOOKS = [
  { name: "light, desktop", viewport: DESKTOP, colorScheme: "light" },
  { name: "dark, desktop", viewport: DESKTOP, colorScheme: "dark" },
  { name: "light, phone", viewport: PHONE, colorScheme: "light", hasTouch: true },
  { name: "dark, phone", viewport: PHONE, colorScheme: "dark", hasTouch: true },
];

for (const { name, ...look } of LOOKS) {
  test(`nothing is found while a question is open, while the connection is cut, and at the end (${name})`, async () => {
    // Colours are measured, so nothing may be half faded in.
    const page = await openPage(browser, server.url, { ...look, reducedMotion: "reduce" });
    const again = page.locator("#start:not([aria-disabled])");
    if (await again.count()) await again.click();
    await page.addScriptTag({ path: AXE });
    await untilAsked(page);
    assert.deepEqual(await findings(page), [], "with a question");
    await page.locator("#cut").click();
    await page.locator("body[data-stale]").waitFor();
    assert.deepEqual(await findings(page), [], "cut off");
    await page.locator("#restore").click();
    await page.locator("#answer-approve:not([aria-disabled])").click();
    await untilEnded(page);
    await row(page, "broken.py").click();
    await page.locator("#detail-error").waitFor();
    assert.deepEqual(await findings(page), [], "at the end, with a failed task open");
    await closePage(page);
  });
}

test("each status has a shape and a word of its own", async () => {
  const page = await openPage(browser, server.url);
  const legend = await page
    .locator("#legend li")
    .evaluateAll((items) => items.map((item) => [item.querySelector("use").getAttribute("href"), item.textContent]));
  assert.equal(legend.length, 7);
  const drawings = await page.evaluate(
    (ids) => ids.map((id) => document.querySelector(id).innerHTML),
    legend.map(([id]) => id),
  );
  assert.equal(new Set(drawings).size, 7);
  assert.equal(new Set(legend.map(([, word]) => word.replace(/[\d\s]/g, ""))).size, 7);
  await closePage(page);
});

test("whoever asked for less motion gets none", async () => {
  const page = await openPage(browser, server.url, { reducedMotion: "reduce" });
  await page.locator("#start:not([aria-disabled])").click();
  await untilAsked(page);
  await page.locator(".row[data-status=RUNNING]", { hasText: "library" }).waitFor(); // it waits for the folder that asks
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  assert.equal(await page.locator("#follow").getAttribute("aria-pressed"), "false");
  await closePage(page);
});
