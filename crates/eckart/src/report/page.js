"use strict";
// What the page gains where scripts run: a theme, sorting, a filter, read-outs. Without them nothing is missing.
(() => {
  const root = document.documentElement;

  // Light or dark, kept where the browser lets a page keep something.
  const keep = (theme) => { try { localStorage.setItem("eckart-theme", theme); } catch { /* not kept */ } };
  const kept = () => { try { return localStorage.getItem("eckart-theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const theme = document.createElement("button");
  theme.id = "theme";
  theme.type = "button";
  const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Show the page in ${isDark() ? "light" : "dark"} colours`); };
  if (["light", "dark"].includes(kept())) root.dataset.theme = kept();
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; keep(root.dataset.theme); name(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();
  document.querySelector("main > header").prepend(theme);

  // Tables: a click on a heading sorts by its column, numbers from the largest.
  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent;
    const number = parseFloat(text.replaceAll(",", ""));
    return /^\s*[-\d.]/.test(text) && !Number.isNaN(number) ? number : text;
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b
    : typeof a === typeof b ? a.localeCompare(b, undefined, { numeric: true }) : typeof a === "number" ? -1 : 1);
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const first = head.classList.contains("n") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const order = head.getAttribute("aria-sort") === first ? other : first;
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const rows = [...body.rows].map((row) => [key(row, column), row]);
        rows.sort((a, b) => sign * compare(a[0], b[0]));
        body.append(...rows.map((pair) => pair[1]));
      });
    });
  }

  // A filter of rows by what stands in them.
  for (const table of document.querySelectorAll("table[data-filter]")) {
    const line = document.createElement("div");
    line.className = "filter";
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = `Filter ${table.dataset.filter}`;
    input.setAttribute("aria-label", `Show only ${table.dataset.filter} that contain this text`);
    const count = document.createElement("span");
    count.setAttribute("aria-live", "polite");
    line.append(input, count);
    table.closest(".scroll").before(line);
    const words = [...table.tBodies[0].rows].map((row) => [row, [row.cells[0], ...row.querySelectorAll("td.words")].map((cell) => cell.textContent).join(" ").toLowerCase()]);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let shown = 0;
      for (const [row, text] of words) {
        row.hidden = !text.includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      count.textContent = wanted ? `${shown} of ${words.length} ${table.dataset.filter}` : "";
    });
  }

  // Charts: the point nearest to the pointer is read out; arrow keys walk along a line.
  const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });
  const shown = (text) => (/e/.test(text) ? text : plain.format(Number(text)));
  for (const svg of document.querySelectorAll("svg.lines, svg.bars")) {
    const lines = [...svg.querySelectorAll("path[data-y]")].map((path) => ({
      path,
      at: path.getAttribute("d").slice(1).split("L").map((pair) => pair.split(" ").map(Number)),
      y: path.dataset.y.split(" "),
      x: path.dataset.x?.split(" "),
      names: path.dataset.names?.split("\t"),
    }));
    const readout = svg.closest("figure")?.querySelector(".readout");
    if (!lines.length || !readout) continue;
    for (const line of lines) line.path.querySelector("title")?.remove();
    const spot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    spot.setAttribute("class", "spot");
    spot.setAttribute("r", "4.5");
    let now = null;
    const show = (line, k) => {
      now = { line, k };
      for (const each of lines) each.path.classList.toggle("on", each === line && lines.length > 1);
      spot.setAttribute("cx", line.at[k][0]);
      spot.setAttribute("cy", line.at[k][1]);
      svg.append(spot);
      const { name: title, unit, up } = line.path.dataset;
      readout.textContent = line.names ? `${line.names[k]}: ${shown(line.y[k])}`
        : `${title} · ${shown(line.x[k])} ${unit} · ${up} ${shown(line.y[k])}`;
    };
    const hide = () => {
      now = null;
      spot.remove();
      readout.textContent = "";
      for (const each of lines) each.path.classList.remove("on");
    };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / box.width;
      const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      let least = Infinity, best = null;
      for (const line of lines) {
        line.at.forEach(([px, py], k) => {
          // One line is followed from left to right only; of several the nearest is meant.
          const far = (px - x) ** 2 + (lines.length > 1 ? (py - y) ** 2 : 0);
          if (far < least) { least = far; best = [line, k]; }
        });
      }
      if (best) show(...best);
    });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const line = now?.line ?? lines[lines.length - 1];
      const k = now ? now.k + step : step > 0 ? 0 : line.at.length - 1;
      show(line, Math.max(0, Math.min(line.at.length - 1, k)));
    });
  }
})();
