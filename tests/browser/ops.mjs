// Opens the ops page in headless Chromium, reads each tab by keyboard, and prints the result.
// Arguments: address of the application, path of the browser, folder for its profile and network log.
import { chromium } from "playwright-core";

const [address, executablePath, folder] = process.argv.slice(2);
const seen = { requests: [], console: [], violations: [], tabs: {}, focused: [], detail: "", plan: "", purged: "", plain: "" };

async function open(profile, options) {
  return chromium.launchPersistentContext(`${folder}/${profile}`, {
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-features=OptimizationHints,MediaRouter,AutofillServerCommunication",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      `--log-net-log=${folder}/${profile}.json`,
    ],
    ...options,
  });
}

const context = await open("scripts", {});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => {
    if (message.type() === "error") seen.console.push(message.text());
  });
  page.on("pageerror", (error) => seen.console.push(String(error)));
  page.on("dialog", (dialog) => dialog.accept());
  await page.addInitScript(() => {
    globalThis.refused = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      globalThis.refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  await page.goto(`${address}/fraiseql`);
  await page.waitForSelector("[role=tab][aria-selected=true]");
  await page.focus("[role=tab][aria-selected=true]");
  const count = await page.locator("[role=tab]").count();
  for (let place = 0; place < count; place += 1) {
    const title = await page.innerText("[role=tab][aria-selected=true]");
    await page.waitForFunction(() => document.querySelector("#panel").innerText.includes("Read at"));
    seen.tabs[title] = await page.innerText("#panel");
    seen.focused.push(await page.evaluate(() => document.activeElement.textContent));
    await page.keyboard.press("ArrowRight");
  }
  // The first tab again: a row is opened by keyboard.
  await page.focus("#panel td button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open] pre");
  seen.detail = await page.innerText("dialog");
  await page.click("dialog section button");
  await page.waitForFunction(() => /cost=/.test(document.querySelector("dialog").innerText));
  seen.plan = await page.innerText("dialog");
  await page.keyboard.press("Escape");
  await page.click("#tab-caches");
  await page.click("#panel button:text('Purge')");
  await page.waitForFunction(() => document.querySelector("#state").innerText.includes("invalidated"));
  seen.purged = await page.innerText("#state");
  seen.violations = await page.evaluate(() => globalThis.refused);
} finally {
  await context.close();
}

const plain = await open("plain", { javaScriptEnabled: false });
try {
  const page = plain.pages()[0] ?? (await plain.newPage());
  page.on("request", (request) => seen.requests.push(request.url()));
  await page.goto(`${address}/fraiseql`);
  await page.waitForURL("**/fraiseql/plain");
  seen.plain = await page.innerText("main");
} finally {
  await plain.close();
}
console.log(JSON.stringify(seen));
