/**
 * Take the README's pictures of the page from a real run over the library's own source.
 *
 *     node screenshot.mjs        writes docs/images/page-light.png and page-dark.png
 */

import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { launchBrowser, openPage } from "./browser.js";
import { ROOT, startServer } from "./server.js";

const IMAGES = join(ROOT, "docs", "images");
const MOST_BYTES = 300_000;
const LOOK = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.25 };
const DONE_SHARE = 0.55;
const WRITTEN_CHARACTERS = 700;

/** Wait until a good part of the run is done and the open task is being written. */
function untilInTheMiddle(page) {
  return page.waitForFunction(
    ([share, characters]) => {
      const nodes = Object.values(globalThis.agentView.channel.getSnapshot().all_nodes);
      const done = nodes.filter((node) => node.status === "DONE").length;
      const writing = document.querySelector("#result[data-writing]")?.textContent.length ?? 0;
      return done > share * nodes.length && writing > characters;
    },
    [DONE_SHARE, WRITTEN_CHARACTERS],
    { timeout: 120_000, polling: 20 },
  );
}

/** Approve what is asked as soon as it is asked. */
function approveEverything(page) {
  return page.evaluate(() => {
    const press = (selector) => document.querySelector(selector)?.click();
    setInterval(() => {
      press("#question:not([hidden], [data-answered]) #answer-approve:not([aria-disabled])");
      press("#question[data-answered] #question-close");
    }, 100);
  });
}

/** The light picture shows a question that waits, the dark one a run in which all were answered. */
async function takePicture(browser, colorScheme) {
  const server = await startServer({ folder: join(ROOT, "src", "realtime_sync"), paceMs: 25, askAbove: 14 });
  try {
    const page = await openPage(browser, server.url, { ...LOOK, colorScheme });
    if (colorScheme === "dark") await approveEverything(page);
    else await page.locator("#question").waitFor();
    await untilInTheMiddle(page);
    const path = join(IMAGES, `page-${colorScheme}.png`);
    await page.screenshot({ path });
    const { size } = await stat(path);
    console.log(`${path}: ${Math.round(size / 1000)} kB`);
    if (size > MOST_BYTES) throw new Error(`the picture is larger than ${MOST_BYTES / 1000} kB`);
  } finally {
    await server.stop();
  }
}

await mkdir(IMAGES, { recursive: true });
const browser = await launchBrowser();
try {
  for (const colorScheme of ["light", "dark"]) await takePicture(browser, colorScheme);
} finally {
  await browser.close();
}
