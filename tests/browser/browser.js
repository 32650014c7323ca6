/** A headless Chromium, and what tests do with the page again and again. */

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-lcd-text",
];

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 360, height: 780 };

/** Start the browser; close it with `.close()`. */
export function launchBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/**
 * Open the page in a context of its own and wait until it shows the document.
 *
 * @returns {Promise<import("playwright-core").Page & {problems: string[]}>} `problems`: what the page complained about
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, colorScheme: "light", ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.problems.push(`uncaught: ${error.stack}`));
  page.on("requestfailed", (request) => page.problems.push(`failed: ${request.url()}`));
  page.on("response", (answer) => {
    if (answer.status() >= 400) page.problems.push(`${answer.status()}: ${answer.url()}`);
  });
  await page.goto(url);
  await page.locator("#tree-rows .row").first().waitFor();
  return page;
}

/** Close the page's context; it must not have complained. */
export async function closePage(page) {
  assert.deepEqual(page.problems, [], "the page complained");
  await page.context().close();
}

/** The row of a task, by its title. */
export function row(page, title) {
  return page.locator("#tree-rows .row", { has: page.getByText(title, { exact: true }) });
}

/** What the page's replica holds. */
export function replica(page) {
  return page.evaluate(() => globalThis.agentView.channel.getSnapshot());
}

/** Wait until the question's panel asks. */
export async function untilAsked(page) {
  await page.locator("#question:not([data-answered]) #answer-approve").waitFor();
}

/** Wait until the page shows that the run has ended. */
export async function untilEnded(page, label = "Done") {
  await page.locator("#run-label", { hasText: label }).waitFor({ timeout: 30_000 });
}

/** Press Tab until `selector` has the focus, as somebody without a mouse would. */
export async function tabTo(page, selector, key = "Tab") {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${key} never reached ${selector}`);
}

/** What has the focus: its id, or its text. */
export function focused(page) {
  return page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());
}
