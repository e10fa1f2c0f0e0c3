"use strict";
/* Tables that are sorted by their heads, paged, and downloaded as they were released. */

const MAIN = ["target", "model", "kernel", "training", "domain", "K", "depth", "width", "seed", "target_seed", "error_lower",
  "error_upper", "error_constant_lower", "bound_telescoped_lower", "bound_printed_lower", "verdict", "key"];
const PAGE = 20;

/** A table of rows.
 *  choose: called with a row that is chosen by mouse or keyboard; null where rows cannot be. */
function grid(table, rows, choose) {
  const state = { by: null, down: false, page: 0, all: !table.names.includes("key") };
  const box = make("div", {});
  const heading = (name) => {
    const column = table.columns.find((entry) => entry.name === name) ?? {};
    const sorted = state.by !== name ? "none" : state.down ? "descending" : "ascending";
    const mark = sorted === "none" ? "" : state.down ? " ↓" : " ↑";
    const sort = () => { state.down = state.by === name && !state.down; state.by = name; state.page = 0; draw(name); };
    return make("th", { scope: "col", "aria-sort": sorted, title: column.meaning },
      make("button", { type: "button", onclick: sort, "data-column": name }, name + mark));
  };
  const draw = (focus) => {
    const names = state.all ? table.names : MAIN.filter((name) => table.names.includes(name));
    const sorted = state.by === null ? rows : [...rows].sort((a, b) => compared(a[state.by], b[state.by], state.down));
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    const part = sorted.slice(state.page * PAGE, (state.page + 1) * PAGE);
    const turn = (step) => () => { state.page = Math.min(pages - 1, Math.max(0, state.page + step)); draw(); };
    const all = make("input", { type: "checkbox", onchange: () => { state.all = !state.all; draw(); } });
    all.checked = state.all;
    const save = () => {
      const link = make("a", { href: URL.createObjectURL(new Blob([table.text], { type: "text/csv" })), download: `${table.name}.csv` });
      link.click();
      URL.revokeObjectURL(link.href);
    };
    const cells = (row) => names.map((name) => make("td", { class: typeof row[name] === "number" ? "number" : null, title: String(row[name] ?? "") },
      name.startsWith("verdict") && row[name] ? make("span", { class: row[name] }, row[name]) : shown(row[name])));
    const line = (row) => {
      const chosen = () => { for (const other of body.children) other.removeAttribute("aria-selected"); made.setAttribute("aria-selected", "true"); choose(row); };
      const keys = (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); chosen(); } };
      const made = make("tr", choose ? { tabindex: 0, onclick: chosen, onkeydown: keys } : {}, cells(row));
      return made;
    };
    const body = make("tbody", {}, part.map(line));
    box.replaceChildren(
      make("div", { class: "tools" },
        make("span", { class: "quiet", role: "status" }, `${rows.length} of ${table.rows.length} rows, page ${state.page + 1} of ${pages}`),
        make("button", { type: "button", onclick: turn(-1), disabled: state.page === 0 }, "previous"),
        make("button", { type: "button", onclick: turn(1), disabled: state.page >= pages - 1 }, "next"),
        table.names.some((name) => !MAIN.includes(name)) ? make("label", { class: "check" }, all, "all columns") : null,
        make("button", { type: "button", onclick: save }, `download ${table.name}.csv, all rows`)),
      make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `table ${table.name}` },
        make("table", {}, make("thead", {}, make("tr", {}, names.map(heading))), body)));
    if (focus) box.querySelector(`button[data-column="${CSS.escape(focus)}"]`)?.focus();
  };
  draw();
  return { box, show(other) { rows = other; state.page = 0; draw(); } };
}

function compared(a, b, down) {
  if (a === null || b === null) return (a === null) - (b === null);
  const found = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  return down ? -found : found;
}
