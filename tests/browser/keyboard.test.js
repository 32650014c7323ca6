/** Everything the page offers, without a mouse. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, focused, launchBrowser, openPage, row, tabTo, untilAsked, untilEnded } from "./browser.js";
import { startServer } from "./server.js";

let browser;
let server;
let page;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer({ paceMs: 2 })]);
  page = await openPage(browser, server.url);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const current = () => page.evaluate(() => document.activeElement.querySelector(".cell-title")?.textContent);

async function press(...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

test("the question is reached by its button, answered, and gives the focus back", async () => {
  await untilAsked(page);
  await tabTo(page, "#to-question");
  await press("Enter");
  assert.equal(await focused(page), "question");
  await press("Escape");
  assert.equal(await page.locator("#question").isVisible(), false, "it can wait");
  assert.equal(await focused(page), "to-question");
  await press("Enter");
  await tabTo(page, "#answer-approve");
  await press("Enter");
  await page.locator("#question", { hasText: "You approved." }).waitFor();
  await page.waitForFunction(() => document.activeElement.matches(".row"), null, { timeout: 5000 });
  await untilEnded(page);
});

test("a skip link leads to the graph, and the arrow keys through it", async () => {
  await page.evaluate(() => document.activeElement.blur());
  await tabTo(page, "a[href='#graph-title']");
  assert.ok((await page.locator("a:focus").boundingBox()).height > 20, "a skip link shows itself when it has the focus");
  await press("Enter");
  await tabTo(page, ".row");
  await press("Home");
  assert.equal(await current(), "library");
  await press("ArrowDown");
  assert.equal(await current(), "shelf");
  await press("ArrowRight");
  assert.equal(await current(), "module_0.py");
  await press("ArrowLeft", "ArrowLeft");
  assert.equal(await page.locator(".row:focus").getAttribute("aria-expanded"), "false");
  assert.equal(await row(page, "module_0.py").count(), 0, "folded");
  await press("ArrowDown");
  assert.equal(await current(), "broken.py");
  await press("ArrowUp", "ArrowRight", "End");
  assert.equal(await current(), "README.md");
  await press("Home", "l", "o");
  assert.equal(await current(), "long.py");
});

test("exactly one row is a tab stop, and the focus is visible", async () => {
  assert.equal(await page.locator(".row[tabindex='0']").count(), 1);
  const outline = await page.locator(".row:focus").evaluate((focusedRow) => getComputedStyle(focusedRow).outline);
  assert.match(outline, /solid 2px/);
});

test("Enter opens a task; its text and its tool calls can be scrolled by keys", async () => {
  await press("Home", "l", "o", "Enter");
  assert.equal(await page.locator("#detail-title").textContent(), "long.py");
  assert.equal(await page.locator(".row[aria-selected='true'] .cell-title").textContent(), "long.py");
  await tabTo(page, "#result");
  await page.locator("#result").evaluate((result) => result.scrollTo(0, 0));
  await press("PageDown");
  await page.waitForFunction(() => document.querySelector("#result").scrollTop > 0);
  await tabTo(page, "#calls");
});

test("folding everything keeps the focus in the graph", async () => {
  await press("Home");
  await tabTo(page, ".row", "Shift+Tab");
  await press("Home", "ArrowDown", "ArrowRight");
  assert.equal(await current(), "module_0.py");
  await page.evaluate(() => document.querySelector("#fold").click());
  assert.equal(await current(), "shelf");
  await page.evaluate(() => document.querySelector("#unfold").click());
  await row(page, "module_0.py").waitFor();
});

test("the connection is cut and restored, and the button keeps the focus", async () => {
  await tabTo(page, "#cut", "Shift+Tab");
  await press("Enter");
  await page.locator("body[data-connection=cut]").waitFor();
  assert.equal(await focused(page), "cut");
  await press("Tab", "Enter");
  assert.equal(await focused(page), "restore");
  await page.locator("body[data-connection=live]").waitFor();
});

test("the theme is a toggle that is remembered", async () => {
  await tabTo(page, "#theme", "Shift+Tab");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await press("Space");
  const dark = await ground();
  assert.notEqual(dark, light);
  assert.equal(await page.locator("#theme").getAttribute("aria-pressed"), "true");
  await page.reload();
  await row(page, "long.py").waitFor();
  assert.equal(await ground(), dark);
  await closePage(page);
});
