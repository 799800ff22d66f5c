// The ops page: reads data.json every five seconds and shows one tab. Text is only ever set as
// text, never as HTML: operations, values and names are written by others.
"use strict";

const base = document.body.dataset.base;
const panel = document.getElementById("panel");
const tabList = document.getElementById("tabs");
const state = document.getElementById("state");
const dialog = document.getElementById("details");
const EVERY = 5000;
const SOON = 500;
const tabs = new Map();
const orders = new Map();
const filters = new Map();
let cursor = "";
let chosen = location.hash.slice(1);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

function shown(cell) {
  if (cell === null || cell === undefined) return "-";
  if (typeof cell !== "number") return cell;
  const digits = Number.isInteger(cell) ? {} : { maximumSignificantDigits: 3 };
  return cell.toLocaleString("en", Math.abs(cell) >= 100 ? { maximumFractionDigits: 0 } : digits);
}

// Commands.

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Without HTTPS a page may not write to the clipboard: select the text instead.
    getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function command(text, focus) {
  if (!text) return element("span", {}, "-");
  const button = element("button", { type: "button", "data-focus": focus, onclick: () => copy(button, text) }, "Copy");
  return element("div", { class: "copied" }, button, element("code", {}, text));
}

async function purge(query, button) {
  if (!confirm(`Invalidate all cached results of ${query}?`)) return;
  const answer = await fetch(`${base}/purge`, { method: "POST", body: new URLSearchParams({ query }) });
  const value = await answer.json();
  state.textContent = answer.ok ? `${shown(value.entries)} entries of ${query} invalidated.` : value.errors[0].message;
  button.disabled = answer.ok;
}

// Details of an operation.

async function read(address) {
  const answer = await fetch(`${base}/${address}`);
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.errors?.[0]?.message ?? answer.statusText);
  return value;
}

async function showPlan(button, id) {
  const place = element("pre", { tabindex: "0" }, "Planning…");
  button.replaceWith(place);
  try {
    place.textContent = (await read(`plan.json?statement=${encodeURIComponent(id)}`)).plan;
  } catch (error) {
    place.textContent = error.message;
  }
}

function statement(own) {
  const figures = `${own.root || "statement"}, ${own.source}: ${shown(own.calls)} calls, mean ${shown(own.mean_ms)} ms, `
    + `p95 ${shown(own.p95_ms)} ms, ${shown(own.rows)} rows, ${shown(own.bytes)} bytes`;
  const plan = own.id
    ? element("button", { type: "button", onclick: (event) => showPlan(event.target, own.id) }, "Plan for any values (does not run)")
    : undefined;
  const samples = own.samples.map((each) => element("pre", {}, each));
  return element("section", {}, element("h3", {}, figures), own.sql ? element("pre", {}, own.sql) : "",
    ...(samples.length ? ["Parameters of some runs:", ...samples] : []), plan);
}

async function showDetails(id) {
  const close = element("button", { type: "button", onclick: () => dialog.close() }, "Close");
  dialog.replaceChildren(close, element("h2", { id: "details-title" }, "Reading…"));
  dialog.showModal();
  try {
    const own = await read(`operation.json?id=${encodeURIComponent(id)}`);
    dialog.replaceChildren(close, element("h2", { id: "details-title" }, own.name || "Operation without a name"),
      element("pre", {}, own.document), ...own.statements.map(statement),
      ...own.commands.map(([purpose, text]) => element("div", {}, element("p", {}, purpose), command(text))));
  } catch (error) {
    dialog.replaceChildren(close, element("h2", { id: "details-title" }, error.message));
  }
}

// Tables.

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return (one === null) - (other === null) || String(one).localeCompare(String(other));
}

function ordered(table, order) {
  const rows = table.rows.map((cells, place) => ({ cells, key: table.keys?.[place] }));
  if (order) rows.sort((one, other) => order.sign * compare(one.cells[order.column], other.cells[order.column]));
  return rows;
}

function heading(table, place, title, order) {
  const sorted = order?.column === place;
  const sort = () => {
    orders.set(table.title, { column: place, sign: sorted ? -order.sign : -1 });
    render();
  };
  const direction = order?.sign > 0 ? "ascending" : "descending";
  return element("th", { scope: "col", "aria-sort": sorted && direction },
    element("button", { type: "button", "data-focus": `${table.title}/${place}`, onclick: sort }, title));
}

function cell(table, row, place) {
  const kind = table.columns[place][1];
  const value = row.cells[place];
  const focus = `${table.title}/${row.key ?? row.cells[0]}/${place}`;
  if (kind === "code") return element("td", { class: kind }, command(value, focus));
  const text = shown(value);
  if (place !== 0 || !table.detail) return element("td", { class: kind }, text);
  return element("td", { class: kind },
    element("button", { type: "button", "data-focus": focus, onclick: () => showDetails(row.key) }, text));
}

function tableRow(table, row) {
  const cells = table.columns.map((_, place) => cell(table, row, place));
  if (table.action === "purge") {
    const button = element("button", { type: "button", "data-focus": `purge/${row.cells[0]}`, onclick: () => purge(row.cells[0], button) }, "Purge");
    cells.push(element("td", {}, button));
  }
  return element("tr", {}, ...cells);
}

function tableOf(table, filter) {
  const order = orders.get(table.title);
  const rows = ordered(table, order).filter((row) => !filter || row.cells.some((each) => String(each).toLowerCase().includes(filter)));
  const heads = table.columns.map(([title], place) => heading(table, place, title, order));
  if (table.action) heads.push(element("th", { scope: "col" }, table.action));
  return element("section", {}, element("h3", {}, table.title), table.note ? element("p", { class: "note" }, table.note) : "",
    element("div", { class: "scroll" }, element("table", { "aria-label": table.title }, element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows.map((row) => tableRow(table, row))))),
    rows.length ? "" : element("p", {}, "None."));
}

// Tabs.

function filterInput() {
  const input = element("input", { type: "search", placeholder: "Filter rows", "aria-label": "Filter rows", "data-focus": "filter" });
  input.value = filters.get(chosen) ?? "";
  input.addEventListener("input", () => {
    filters.set(chosen, input.value);
    render();
  });
  return input;
}

function contents(tab) {
  if (tab.pending) return [element("p", {}, "Reading…")];
  const at = new Date(tab.at * 1000).toLocaleTimeString();
  const filter = (filters.get(chosen) ?? "").toLowerCase();
  return [
    ...tab.notes.map((text) => element("p", { class: tab.failed ? "note failed" : "note" }, text)),
    ...tab.commands.map(([purpose, text]) => element("div", { class: "note" }, `${purpose}:`, command(text, purpose))),
    tab.tables.length ? filterInput() : "",
    ...tab.tables.map((table) => tableOf(table, filter)),
    element("p", { class: "note" }, `Read at ${at} in ${shown(tab.took_ms)} ms.`),
  ];
}

function render() {
  const focus = document.activeElement?.dataset?.focus;
  const caret = document.activeElement?.selectionStart;
  panel.setAttribute("aria-labelledby", `tab-${chosen}`);
  panel.replaceChildren(...contents(tabs.get(chosen)));
  if (!focus) return;
  const again = panel.querySelector(`[data-focus="${CSS.escape(focus)}"]`);
  again?.focus({ preventScroll: true });
  if (again?.setSelectionRange && caret !== undefined) again.setSelectionRange(caret, caret);
}

function choose(name, focus) {
  chosen = name;
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  for (const button of tabList.children) {
    const own = button.id === `tab-${name}`;
    button.setAttribute("aria-selected", own);
    button.tabIndex = own ? 0 : -1;
    if (own && focus) button.focus();
  }
  render();
}

function addTab(name, title) {
  tabList.append(element("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", onclick: () => choose(name, true),
  }, title));
}

tabList.addEventListener("keydown", (event) => {
  const names = [...tabs.keys()];
  const place = names.indexOf(chosen);
  const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: names.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose(names[(next + names.length) % names.length], true);
});

// Data.

function merge(tab) {
  if (!tabs.has(tab.name)) addTab(tab.name, tab.title);
  if (tab.tables || !tabs.has(tab.name)) tabs.set(tab.name, tab);
  return Boolean(tab.tables);
}

async function update() {
  let wait = EVERY;
  try {
    const data = await read(`data.json?since=${encodeURIComponent(cursor)}`);
    const changed = data.tabs.filter(merge).map((tab) => tab.name);
    cursor = data.cursor;
    if (!tabs.has(chosen)) choose(data.tabs[0].name, false);
    else if (tabList.querySelector("[aria-selected=true]") === null) choose(chosen, false);
    else if (changed.includes(chosen)) render();
    state.textContent = `Process ${data.process}, running for ${shown(data.running_seconds)} s.`;
    if (data.tabs.some((tab) => tab.pending)) wait = SOON;
  } catch (error) {
    state.textContent = `The application does not answer (${error.message}); trying again.`;
  }
  setTimeout(() => (document.hidden ? addEventListener("visibilitychange", update, { once: true }) : update()), wait);
}

update();
