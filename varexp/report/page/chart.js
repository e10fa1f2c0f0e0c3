"use strict";
/* Charts: certified errors as points and bands, bounds as lines, against a setting. */

const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8a6100", "#56B4E9", "#7f7f7f", "#E69F00"];
const QUANTITIES = [
  ["error", "error", null], ["error over the best constant's", "error", "error_constant"],
  ["error over the printed bound", "error", "bound_printed"], ["error over the telescoped bound", "error", "bound_telescoped"],
  ["ε₁, of the interpolation", "eps_interpolation", null], ["ε₂, of the blocks", "eps_block", null],
  ["error of all scales merged", "error_merged", null],
];
const LINES = [
  ["bound_printed", "printed bound, Theorem 5.6", "dash", "triangle-down-open"],
  ["bound_telescoped", "telescoped bound, Lemma 5.3", "dot", "triangle-up-open"],
  ["bound_pointwise", "pointwise bound", "dashdot", "diamond-open"],
  ["error_constant", "best constant's error", "longdash", "square-open"],
];

function low(row, name) { return `${name}_lower` in row ? row[`${name}_lower`] : row[name] ?? null; }
function high(row, name) { return `${name}_upper` in row ? row[`${name}_upper`] ?? row[`${name}_lower`] : row[name] ?? null; }

/** Both ends of a quantity, divided by another one where that is asked for. */
function ends(row, name, over) {
  const a = low(row, name), b = high(row, name);
  if (a === null || a === undefined) return null;
  if (!over) return [a, b];
  const c = low(row, over), d = high(row, over);
  return c && d ? [a / d, b / c] : null;
}

function mean(values) {
  const known = values.filter((value) => value > 0);
  return known.length ? Math.exp(known.reduce((sum, value) => sum + Math.log(value), 0) / known.length) : null;
}

function groups(rows, key) {
  const found = new Map();
  for (const row of rows) {
    const name = key(row);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(row);
  }
  return found;
}

function ordered(values) {
  return [...values].sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))));
}

/** What one sees when pointing at a row. */
function tooltip(row, vary) {
  const settings = vary.map((name) => `${name} ${shown(row[name]) || "none"}`).join(", ");
  const lines = [`<b>${plain(settings)}</b>`, plain(`error ${interval(row, "error")}`)];
  if (row.bound_printed_lower !== null) lines.push(plain(`printed bound ${interval(row, "bound_printed")}`));
  if (row.verdict) lines.push(plain(`verdict ${row.verdict}`));
  let line = "";
  for (const word of command(row).split(" ")) {
    if (line.length + word.length > 66) { lines.push(plain(line)); line = ""; }
    line += (line ? " " : "") + word;
  }
  lines.push(plain(line), plain(`key ${row.key}`));
  return lines.join("<br>");
}

/** The traces of a chart. */
function traces(rows, view, vary) {
  const made = [], quantity = QUANTITIES[view.y], x = view.x, words = isWords(rows, x);
  const drawn = (colour, dash, symbol) => (words ? { mode: "markers", marker: { color: colour, size: 8, symbol } } : { mode: "lines", line: { color: colour, width: 1.4, dash } });
  const names = ordered(new Set(rows.map((row) => row[view.colour])));
  names.forEach((name, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const known = rows.filter((row) => row[view.colour] === name && ends(row, quantity[1], quantity[2]));
    if (!known.length) return;
    const values = known.map((row) => ends(row, quantity[1], quantity[2]));
    const label = plain(view.colour ? `${view.colour} ${shown(name) || "none"}` : "all rows");
    made.push({
      type: "scatter", mode: "markers", name: label, legendgroup: label, showlegend: false, hoverinfo: "text",
      x: known.map((row) => at(row, x)), y: values.map(([a, b]) => (a + b) / 2 || b), customdata: known.map((row) => row["#"]),
      hovertext: known.map((row) => tooltip(row, vary)), hoverlabel: { align: "left", font: { family: "monospace", size: 11 } },
      marker: { color: colour, size: 6, opacity: 0.55 },
      error_y: { type: "data", symmetric: false, thickness: 1, width: 2, color: colour,
        array: values.map(([a, b]) => b - ((a + b) / 2 || b)), arrayminus: values.map(([a, b]) => ((a + b) / 2 || b) - a) },
    });
    const places = ordered(new Set(known.map((row) => row[x])));
    const of = (place) => known.filter((row) => row[x] === place);
    const band = (end) => places.map((place) => mean(of(place).map((row) => ends(row, quantity[1], quantity[2])[end])));
    const where = places.map((place) => at({ [x]: place }, x));
    const line = { type: "scatter", mode: "lines", x: where, hoverinfo: "skip", legendgroup: label };
    if (words) made.push({ ...line, y: band(1), name: label, mode: "markers", marker: { symbol: "line-ew-open", size: 26, color: colour, line: { width: 3 } } });
    else {
      made.push({ ...line, y: band(0), showlegend: false, line: { color: colour, width: 0.5 } });
      made.push({ ...line, y: band(1), name: label, fill: "tonexty", fillcolor: colour + "55", line: { color: colour, width: 2 } });
    }
    for (const [column, , dash, symbol] of LINES) {
      if (!view.lines.has(column) || (quantity[2] && quantity[2] === column)) continue;
      const y = places.map((place) => mean(of(place).map((row) => (ends(row, column, quantity[2]) || [null])[0])));
      if (y.some((value) => value !== null)) made.push({ ...line, y, showlegend: false, ...drawn(colour, dash, symbol) });
    }
  });
  for (const [column, label, dash, symbol] of LINES) {
    if (view.lines.has(column)) made.push({ type: "scatter", x: [null], y: [null], name: label, ...drawn("#888888", dash, symbol) });
  }
  return made;
}

function isWords(rows, name) { return rows.some((row) => typeof row[name] !== "number"); }

/** Words across in the order of what is drawn above them. */
function order(rows, view) {
  const [, name, over] = QUANTITIES[view.y];
  const height = (some) => mean(some.map((row) => (ends(row, name, over) ?? [null, null])[1])) ?? Infinity;
  const found = [...groups(rows, (row) => at(row, view.x))].map(([word, some]) => [word, height(some)]);
  return found.sort((a, b) => a[1] - b[1]).map(([word]) => word);
}

function at(row, name) {
  const value = row[name];
  return typeof value === "number" ? value : value === null || value === undefined ? "none" : plain(value);
}

function layout(rows, view) {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink").trim(), grid = style.getPropertyValue("--line").trim();
  const words = isWords(rows, view.x);
  const axis = { gridcolor: grid, linecolor: grid, zerolinecolor: grid, automargin: true };
  const narrow = window.innerWidth < 640;
  const norm = [...new Set(rows.map((row) => row.norm).filter(Boolean))].join(", ");
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: narrow ? 11 : 13 },
    margin: { l: narrow ? 50 : 70, r: 10, t: 10, b: 50 }, hovermode: "closest", showlegend: true,
    legend: narrow ? { orientation: "h", y: -0.2 } : { x: 1.01, y: 1 },
    xaxis: { ...axis, title: { text: plain(view.x === "depth" ? "blocks n" : view.x) }, 
      ...(words ? { type: "category", categoryorder: "array", categoryarray: order(rows, view) } : { type: view.logX ? "log" : "linear" }) },
    yaxis: { ...axis, title: { text: plain(QUANTITIES[view.y][0] + (QUANTITIES[view.y][2] ? "" : `, ${norm} norm`)) },
      type: view.logY ? "log" : "linear", exponentformat: "power" },
  };
}
