"use strict";
/* The page: findings, ledger, experiments, columns, sources. */

function findings() {
  const list = content.findings.map((section) => make("details", { id: `finding-${slug(section.title)}` },
    make("summary", {}, make("strong", {}, `${section.title}. `), ...prose(section.short)),
    make("p", {}, ...prose(section.question)),
    make("ul", {}, section.items.map((item) => make("li", {}, ...prose(item.text), make("br"),
      opener(item.table), " ", make("code", {}, item.query)))),
    make("p", {}, make("strong", {}, "For the theorem. "), ...prose(section.meaning))));
  document.getElementById("findings-list").replaceChildren(...(list.length ? list : [make("p", { class: "quiet" }, "No findings: they need the tables of the whole sweeps.")]));
}

/** A button that opens the table that a finding rests on. */
function opener(name) {
  const tab = () => document.getElementById(`tab-${name}`);
  const open = () => { tab()?.click(); document.getElementById("experiments").scrollIntoView(); tab()?.focus(); };
  return make("button", { type: "button", onclick: open }, `table ${name}`);
}

function slug(text) { return text.toLowerCase().replace(/[^a-z0-9]+/g, "-"); }

function chip(verdict, kind) {
  const text = kind ? `${kind.split(" (")[0]} ${verdict}` : verdict;
  return make("span", { class: `chip ${/^[A-Z_]+$/.test(verdict) ? verdict : "none"}`, title: kind }, text);
}

/** Readings as chips; many of them as counts. */
function chips(found) {
  if (found.length <= 4) return found.map((reading) => chip(reading.verdict, reading.label));
  return [...groups(found, (reading) => reading.verdict)].map(([verdict, some]) => make("span", { class: `chip ${verdict}` }, `${some.length} ${verdict}`));
}

function select(label, values, value, change) {
  const box = make("select", { onchange: () => change(box.value), "data-filter": label },
    values.map(([key, text]) => make("option", { value: key }, text)));
  box.value = value;
  return make("label", {}, label, box);
}

function check(label, value, change) {
  const box = make("input", { type: "checkbox", onchange: () => change(box.checked) });
  box.checked = value;
  return make("label", { class: "check" }, box, label);
}

function ledger() {
  const all = content.ledger?.claims ?? [];
  const readings = all.flatMap((claim) => claim.readings);
  const verdicts = [...new Set(readings.map((reading) => reading.verdict))], labels = [...new Set(readings.map((reading) => reading.label))];
  const chosen = { verdict: "", label: "", words: "" };
  const draw = () => {
    const fits = (reading, claim) => (!chosen.verdict || reading.verdict === chosen.verdict) && (!chosen.label || reading.label === chosen.label) &&
      (!chosen.words || JSON.stringify([claim, reading]).toLowerCase().includes(chosen.words.toLowerCase()));
    let count = 0;
    const list = all.map((claim) => {
      const found = claim.readings.filter((reading) => fits(reading, { ...claim, readings: [] }));
      count += found.length;
      return found.length ? claimed(claim, found) : null;
    }).filter(Boolean);
    document.getElementById("ledger-count").textContent = `${count} of ${readings.length} readings of ${list.length} of ${all.length} claims`;
    document.getElementById("ledger-list").replaceChildren(...list);
  };
  const words = make("input", { type: "search", oninput: () => { chosen.words = words.value; draw(); } });
  const options = (values) => [["", "all"], ...values.map((value) => [value, value])];
  document.getElementById("ledger-tools").replaceChildren(
    select("verdict", options(verdicts), "", (value) => { chosen.verdict = value; draw(); }),
    select("kind of reading", options(labels), "", (value) => { chosen.label = value; draw(); }),
    make("label", {}, "words", words));
  draw();
}

function claimed(claim, found) {
  return make("details", { id: claim.id },
    make("summary", {}, make("strong", {}, `${claim.id} `), `${claim.title} `, ...chips(found)),
    make("p", {}, make("span", { class: "quiet" }, "Printed: "), claim.printed, " ", make("span", { class: "quiet" }, `(${claim.source})`), " ", make("a", { href: `#${claim.id}` }, "link")),
    found.map((reading) => make("details", {},
      make("summary", {}, chip(reading.verdict), make("strong", {}, `${reading.label}: `), reading.name),
      make("p", {}, reading.statement),
      facts([["because", reading.because], ["hypotheses", reading.hypotheses], ["norm", reading.norm], ["domain", reading.domain],
        ["arm", reading.arm], ["expected", reading.expected]]),
      make("details", {}, make("summary", {}, "evidence"), make("pre", {}, JSON.stringify(reading.evidence, null, 1))),
      make("details", {}, make("summary", {}, `planted controls: ${reading.planted.length}`), make("ul", {},
        reading.planted.map((plant) => make("li", {}, `${plant.statement}: known ${plant.known}, found ${plant.found}`)))))));
}

function facts(pairs) {
  return make("dl", { class: "facts" }, pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
}

function tabs() {
  const bar = document.getElementById("tabs");
  const open = async (table, button) => {
    for (const other of bar.children) { other.setAttribute("aria-selected", String(other === button)); other.tabIndex = other === button ? 0 : -1; }
    const panel = document.getElementById("experiment");
    panel.setAttribute("aria-labelledby", button.id);
    panel.replaceChildren(...(await experiment(await load(table))));
  };
  const buttons = content.tables.map((table) => make("button", { type: "button", role: "tab", id: `tab-${table.name}`, tabindex: -1,
    "aria-controls": "experiment", onclick: (event) => open(table, event.currentTarget) }, table.name));
  bar.replaceChildren(...buttons);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next.focus(); next.click();
  });
  if (buttons.length) buttons[0].click();
}

async function experiment(table) {
  const heads = Object.entries(table.notes).map(([name, text]) => make("p", {}, make("strong", {}, `${name} `), ...prose(text)));
  const intro = [make("h3", {}, table.name), ...(heads.length ? [] : [make("p", {}, ...prose(table.about))]), ...heads,
    ...(table.command ? [make("p", {}, "Make it again: ", make("code", {}, table.command))] : [])];
  if (table.names.includes("experiment")) return [...intro, ...explorer(table)];
  const pictures = table.figures.map((source) => make("img", { class: "figure", src: source, alt: `Figure of ${table.name}: ${table.about}` }));
  return [...intro, ...pictures, grid(table, table.rows, null).box];
}

/** Chart, filters, table and the chosen row of an experiment. */
function explorer(table) {
  const vary = varying(table.rows, table.names);
  const plainly = vary.filter((name) => !name.endsWith("seed"));
  const size = (name) => new Set(table.rows.map((row) => row[name])).size + (name === "depth" ? 0.5 : 0);
  const numeric = plainly.filter((name) => table.rows.some((row) => typeof row[name] === "number"));
  const x = numeric.sort((a, b) => size(b) - size(a))[0] ?? ["kernel", "scale_map", ...plainly, ...vary].find((name) => vary.includes(name)) ?? "depth";
  const { colour, filters: first } = beginning(table.rows, vary, x);
  const view = { x, colour, y: 0, logX: false, logY: true, lines: new Set(["bound_printed", "bound_telescoped", "error_constant"]), filters: first };
  const filters = make("div", { class: "tools" }), axes = make("div", { class: "tools" }), chart = make("div", { class: "chart", role: "img",
    "aria-label": `Chart of ${table.name}; the table below holds its numbers` }), row = make("div", { role: "status" });
  const missing = make("span", {});
  const rowsOf = () => table.rows.filter((r) => vary.every((name) => view.filters[name] === "" || view.filters[name] === `=${r[name]}`));
  const choose = (chosen) => row.replaceChildren(...about(table, chosen));
  const list = grid(table, rowsOf(), choose);
  const draw = () => {
    const rows = rowsOf();
    list.show(rows);
    const { made, zeros } = traces(rows, view, vary);
    missing.textContent = zeros ? ` ${zeros} rows are 0 and have no place on a logarithmic axis.` : "";
    Plotly.react(chart, made, layout(rows, view), { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d"] });
  };
  const named = (values) => values.map((value) => [value, value]);
  filters.replaceChildren(...vary.map((name) => select(name, [["", "all"], ...ordered(new Set(table.rows.map((r) => r[name]))).map((value) => [`=${value}`, shown(value) || "none"])],
    view.filters[name], (value) => { view.filters[name] = value; draw(); })));
  axes.replaceChildren(
    select("across", named(vary), view.x, (value) => { view.x = value; draw(); }),
    select("up", QUANTITIES.map(([label], index) => [String(index), label]), "0", (value) => { view.y = Number(value); draw(); }),
    select("colour", [["", "none"], ...named(vary)], view.colour, (value) => { view.colour = value; draw(); }),
    check("log across", view.logX, (value) => { view.logX = value; draw(); }),
    check("log up", view.logY, (value) => { view.logY = value; draw(); }),
    ...LINES.map(([column, label]) => check(label, view.lines.has(column), (value) => { view.lines[value ? "add" : "delete"](column); draw(); })));
  requestAnimationFrame(() => {
    draw();
    chart.on("plotly_click", (event) => { const index = event.points[0]?.customdata; if (index !== undefined) choose(table.rows[index]); });
  });
  redraw = draw;
  return [
    make("fieldset", {}, make("legend", {}, "rows"), filters), make("fieldset", {}, make("legend", {}, "axes and lines"), axes), chart,
    make("p", { class: "quiet" }, "Points are rows, with both ends of what was certified; a ring is a lower end whose upper one is not known. The band is between the geometric means of both ends, lines are geometric means of bounds. Choose a point or a line of the table to see all of a row.", missing),
    row, list.box];
}

/** Where an explorer begins: the settings nearest to the defaults, and a setting that still differs among them as colour. */
function beginning(rows, vary, x) {
  const of = groups(rows, (row) => row[x]);
  const tied = vary.filter((name) => [...of.values()].every((some) => new Set(some.map((row) => row[name])).size === 1)); // by x
  const candidates = ["target", "training", "network", "model", "kernel", ...vary].filter((name) => vary.includes(name) && !tied.includes(name));
  for (const colour of [...candidates, ""]) {
    const open = (name) => tied.includes(name) || name === colour || name.endsWith("seed");
    const together = groups(rows, (row) => JSON.stringify(vary.filter((name) => !open(name)).map((name) => row[name])));
    const usual = ([row]) => Object.entries(content.defaults).filter(([name, value]) => name !== "model" && same(row[name], value)).length;
    const own = ([row]) => Number(row.model === row.experiment); // the family that the experiment is about
    const [shared] = [...together.values()].sort((a, b) => own(b) - own(a) || usual(b) - usual(a) || b.length - a.length);
    if (colour && new Set(shared.map((row) => row[colour])).size < 2) continue;
    return { colour, filters: Object.fromEntries(vary.map((name) => [name, open(name) ? "" : `=${shared[0][name]}`])) };
  }
}

let redraw = () => {};

function about(table, row) {
  const known = table.columns.filter((column) => row[column.name] !== null);
  return [make("h3", {}, `Row ${row.key ?? row["#"] + 1}`), make("pre", {}, command(row)),
    make("details", {}, make("summary", {}, "all of its columns"), facts(known.map((column) => [column.name, row[column.name]])))];
}

function columns() {
  const alike = groups(content.tables, (table) => table.columns.map((column) => column.name).join());
  const heads = ["column", "type", "unit", "meaning", "item of the paper", "empty where"], keys = ["name", "type", "unit", "meaning", "item", "empty"];
  const line = (column) => make("tr", {}, keys.map((key) => make("td", {}, column[key] ?? "")));
  const tables = [...alike.values()].map((some) => make("details", {},
    make("summary", {}, make("strong", {}, some.map((table) => table.name).join(", ")), ": ", ...prose(some[0].about)),
    make("div", { class: "scroll" }, make("table", { class: "wrap" },
      make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, some[0].columns.map(line))))));
  document.getElementById("columns-list").replaceChildren(...tables);
}

function theme() {
  const wants = window.matchMedia("(prefers-color-scheme: dark)");
  const set = (dark) => { document.documentElement.dataset.theme = dark ? "dark" : "light"; redraw(); };
  set(wants.matches);
  wants.addEventListener("change", (event) => set(event.matches));
  document.getElementById("theme").addEventListener("click", () => set(document.documentElement.dataset.theme !== "dark"));
}

/** Unfold what the address names, such as #lem-4.4. */
function unfold() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.tagName === "DETAILS") { named.open = true; named.scrollIntoView(); }
}

theme();
findings();
ledger();
columns();
window.addEventListener("hashchange", unfold);
unfold();
document.getElementById("sources-list").replaceChildren(facts(Object.entries(content.made_with)));
tabs();
