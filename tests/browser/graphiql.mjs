// Opens GraphiQL in headless Chromium, runs the query that the page holds, and prints what was seen.
// Arguments: address of the page, path of the browser, folder for its profile and network log.
import { chromium } from "playwright-core";

const [address, executablePath, folder] = process.argv.slice(2);
const seen = { requests: [], console: [], violations: [], title: "", editor: "", result: "", documentation: "" };

const context = await chromium.launchPersistentContext(`${folder}/profile`, {
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
    // Chromium's own services; the page is watched below whatever names resolve to.
    "--disable-features=OptimizationHints,MediaRouter,AutofillServerCommunication",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    `--log-net-log=${folder}/network.json`,
  ],
});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => {
    if (message.type() === "error") seen.console.push(message.text());
  });
  page.on("pageerror", (error) => seen.console.push(String(error)));
  await page.addInitScript(() => {
    globalThis.refused = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      globalThis.refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  await page.goto(address);
  seen.title = await page.title();
  await page.waitForSelector(".graphiql-query-editor .CodeMirror-code");
  seen.editor = await page.innerText(".graphiql-query-editor .CodeMirror-code");
  await page.waitForSelector(".graphiql-execute-button:not([disabled])");
  await page.click(".graphiql-execute-button");
  await page.waitForSelector(".result-window .CodeMirror-code .cm-property");
  const shown = await page.innerText(".result-window .CodeMirror-code");
  seen.result = shown.replaceAll("\u00a0", " "); // the viewer indents with no-break spaces
  // A dialog adds a style element of its own, which the page's policy must let through.
  await page.click('button[aria-label="Open settings dialog"]');
  await page.waitForSelector(".graphiql-dialog");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".graphiql-dialog", { state: "detached" });
  // The documentation pane shows that introspection went through as well.
  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.waitForSelector(".graphiql-doc-explorer-content");
  seen.documentation = await page.innerText(".graphiql-doc-explorer-content");
  seen.violations = await page.evaluate(() => globalThis.refused);
} finally {
  await context.close();
}
console.log(JSON.stringify(seen));
