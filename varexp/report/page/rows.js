"use strict";
/* Tables: from the compressed CSV files that the page carries to rows with typed values, and what is said of a row. */

const content = JSON.parse(document.getElementById("content").textContent);

/** An element with attributes and children; text is always text, whatever it holds. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Text in which parts between backticks are code. */
function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

/** Text for Plotly, which reads some HTML. */
function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** The records of a CSV file, by RFC 4180. */
function records(text) {
  const found = [];
  let record = [], cell = "", quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[i + 1] === '"') { cell += '"'; i++; }
      else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === ",") { record.push(cell); cell = ""; }
    else if (letter === "\n") { record.push(cell); found.push(record); record = []; cell = ""; }
    else if (letter !== "\r") cell += letter;
  }
  if (cell !== "" || record.length) { record.push(cell); found.push(record); }
  return found;
}

const loaded = new Map();

/** A table with its rows: null where a value is unknown, numbers and booleans as such. */
async function load(table) {
  if (!loaded.has(table.name)) {
    const text = await unpacked(table.csv);
    const [names, ...lines] = records(text);
    const types = Object.fromEntries(table.columns.map((column) => [column.name, column.type]));
    const rows = lines.map((line, index) => {
      const row = { "#": index };
      names.forEach((name, i) => { row[name] = typed(line[i], types[name]); });
      return row;
    });
    loaded.set(table.name, { ...table, text, names, rows });
  }
  return loaded.get(table.name);
}

function typed(text, type) {
  if (text === "" || text === undefined) return null;
  if (type === "integer" && !Number.isSafeInteger(Number(text))) return text; // a float would be another number
  if (type === "number" || type === "integer") return Number.isNaN(Number(text)) ? text : Number(text);
  if (type === "boolean") return text === "True" ? true : text === "False" ? false : text;
  return text;
}

/** The settings that differ among rows, in the order of the columns, seeds last. */
function varying(rows, names) {
  const settings = names.filter((name) => name in content.defaults && name !== "sides" && name !== "evaluations");
  const differ = settings.filter((name) => new Set(rows.map((row) => row[name])).size > 1);
  const last = (name) => (name === "seed" || name === "target_seed" ? 1 : 0);
  return differ.sort((a, b) => last(a) - last(b));
}

/** The command that makes a row: every setting that differs from its default. */
function command(row) {
  const words = ["varexp train"];
  for (const [name, usual] of Object.entries(content.defaults)) {
    const value = row[name];
    if (name === "gap" && value === null && usual !== null && !content.random.includes(row.model)) words.push("gap=null");
    if (value === null || value === undefined || same(value, usual)) continue;
    if (name === "target_options") words.push(...options(String(value)).map(quoted));
    else words.push(quoted(`${name}=${value === true ? "true" : value === false ? "false" : value}`));
  }
  return words.join(" ");
}

/** The words for options that a table holds as Python writes them: name=value, with a space between. */
function options(text) {
  const found = text.matchAll(/(\w+)=('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\[({].*?[\])}]|\S+)/g);
  const words = { None: "null", True: "true", False: "false" };
  return [...found].map(([, name, value]) => `target_options.${name}=${words[value] ?? value}`);
}

function same(value, usual) {
  return usual !== null && typeof usual !== "object" && String(value) === String(usual);
}

function quoted(word) {
  return /^[\w.=,+\/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

function shown(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : String(Number(value.toPrecision(5)));
}

/** Both ends of a quantity as text. */
function interval(row, name) {
  const low = row[`${name}_lower`], high = row[`${name}_upper`];
  return low === null || low === undefined ? "unknown" : `[${shown(low)}, ${high === null ? "unknown" : shown(high)}]`;
}
