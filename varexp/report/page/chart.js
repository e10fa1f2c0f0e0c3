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
  ["error_constant", "best constant's error", "longdashdot", "square-open"],
];

const known = (value) => value !== null && value !== undefined;
function low(row, name) { return `${name}_lower` in row ? row[`${name}_lower`] : row[name] ?? null; }
function high(row, name) { return `${name}_upper` in row ? row[`${name}_upper`] : row[name] ?? null; }

/** Both ends of a quantity, divided by another one where that is asked for; an end that is not known is null. */
function ends(row, name, over) {
  const [a, b] = [low(row, name), high(row, name)];
  if (!over) return known(a) ? [a, b] : null;
  const [c, d] = [low(row, over), high(row, over)];
  return known(a) && d ? [a / d, known(b) && c ? b / c : null] : null;
}

/** The geometric mean; null unless all are above 0. */
function mean(values) {
  if (!values.length || values.some((value) => !(value > 0))) return null;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
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

/** The traces of a chart, and how many rows it cannot show: those at 0 have no place on a logarithmic axis. */
function traces(rows, view, vary) {
  const made = [], [, quantity, over] = QUANTITIES[view.y], words = isWords(rows, view.x);
  const drawn = (colour, dash, symbol) => (words ? { mode: "markers", marker: { color: colour, size: 8, symbol } } : { mode: "lines", line: { color: colour, width: 1.4, dash } });
  let zeros = 0;
  ordered(new Set(rows.map((row) => row[view.colour]))).forEach((name, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const measured = rows.filter((row) => row[view.colour] === name && ends(row, quantity, over));
    const some = measured.filter((row) => !view.logY || (ends(row, quantity, over)[1] ?? ends(row, quantity, over)[0]) > 0);
    zeros += measured.length - some.length;
    if (!some.length) return;
    const label = plain(view.colour ? `${view.colour} ${shown(name) || "none"}` : "all rows");
    made.push(points(some, view, vary, colour, label));
    const places = ordered(new Set(some.map((row) => row[view.x])));
    const inside = (place) => some.filter((row) => row[view.x] === place && ends(row, quantity, over)[0] > 0);
    const band = (end) => places.map((place) => mean(inside(place).map((row) => ends(row, quantity, over)[end])));
    const line = { type: "scatter", mode: "lines", x: places.map((place) => at({ [view.x]: place }, view.x)), hoverinfo: "skip", legendgroup: label };
    const certified = band(1).every(known);
    if (words) made.push({ ...line, y: band(certified ? 1 : 0), name: label, mode: "markers", marker: { symbol: "line-ew-open", size: 26, color: colour, line: { width: 3 } } });
    else {
      made.push({ ...line, y: band(0), showlegend: !certified, name: label, line: { color: colour, width: certified ? 0.5 : 1.5 } });
      if (certified) made.push({ ...line, y: band(1), name: label, fill: "tonexty", fillcolor: colour + "55", line: { color: colour, width: 2 } });
    }
    for (const [column, , dash, symbol] of LINES) {
      if (!view.lines.has(column) || over === column) continue;
      const value = (row) => ends(row, column, over)?.[0];
      const y = places.map((place) => mean(some.filter((row) => row[view.x] === place).map(value).filter(known)));
      if (y.some(known)) made.push({ ...line, y, showlegend: false, ...drawn(colour, dash, symbol) });
    }
  });
  for (const [column, label, dash, symbol] of LINES) {
    if (view.lines.has(column)) made.push({ type: "scatter", x: [null], y: [null], name: label, ...drawn("#888888", dash, symbol) });
  }
  return { made, zeros };
}

/** Rows as points: between both ends where they are known, a ring at the lower end where the upper one is not. */
function points(rows, view, vary, colour, label) {
  const [, quantity, over] = QUANTITIES[view.y];
  const values = rows.map((row) => ends(row, quantity, over));
  const middle = values.map(([a, b]) => (known(b) ? (a + b) / 2 : a));
  return {
    type: "scatter", mode: "markers", name: label, legendgroup: label, showlegend: false, hoverinfo: "text",
    x: rows.map((row) => at(row, view.x)), y: middle, customdata: rows.map((row) => row["#"]),
    hovertext: rows.map((row) => tooltip(row, vary)), hoverlabel: { align: "left", font: { family: "monospace", size: 11 } },
    marker: { color: colour, size: 6, opacity: 0.55, symbol: values.map(([, b]) => (known(b) ? "circle" : "circle-open")) },
    error_y: { type: "data", symmetric: false, thickness: 1, width: 2, color: colour,
      array: values.map(([, b], i) => (known(b) ? b - middle[i] : 0)), arrayminus: values.map(([a], i) => middle[i] - a) },
  };
}

function isWords(rows, name) { return rows.some((row) => typeof row[name] !== "number"); }

/** Words across in the order of what is drawn above them. */
function order(rows, view) {
  const [, name, over] = QUANTITIES[view.y];
  const height = (some) => mean(some.map((row) => ends(row, name, over)?.[0]).filter((value) => value > 0)) ?? Infinity;
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
