"use strict";
// Draws the charts of a page when they come into view, and makes its tables sort and filter. All data are in #page-data.
(() => {
  const charts = JSON.parse(document.getElementById("page-data").textContent);
  const COLORS = ["#3b8ed0", "#e0702a", "#2ca58d", "#c26aa8", "#d9a406", "#6bb6e8", "#9a7fd1", "#b5733c", "#8a8f98", "#a3b93c"];
  const CONFIG = { responsive: true, displaylogo: false, typesetMath: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
  const color = (run) => COLORS[run % COLORS.length];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const hasWebGl = (() => {
    try { return Boolean(document.createElement("canvas").getContext("webgl")); } catch { return false; }
  })();

  // ---- look

  function themed(layout) {
    const line = css("--line");
    const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
    const look = {
      autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", colorway: COLORS, hovermode: "closest",
      font: { color: css("--text"), size: 12, family: getComputedStyle(document.body).fontFamily },
      margin: { l: 55, r: 15, t: 25, b: 45 }, legend: { orientation: "h", y: 1.12 },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--muted"), activecolor: css("--accent") },
      hoverlabel: { namelength: -1, bgcolor: css("--background"), bordercolor: line, font: { color: css("--text") } },
      ...layout,
    };
    for (const name of ["xaxis", "yaxis"]) look[name] = { ...axis, ...(layout[name] || {}) };
    return look;
  }

  // ---- curves

  function smoothed(values, weight) {
    // An exponential mean that starts unbiased, as TensorBoard's; gaps stay gaps.
    if (weight === 0) return values;
    let mean = 0;
    let count = 0;
    return values.map((value) => {
      if (value === null) return null;
      mean = mean * weight + (1 - weight) * value;
      count += 1;
      return mean / (1 - weight ** count);
    });
  }

  function curvesFigure(spec, controls) {
    const chosen = controls.axis;
    const data = [];
    for (const curve of spec.curves) {
      const isShown = !controls.hidden.has(curve.run);
      const base = {
        type: "scatter", mode: curve.values.length === 1 ? "markers" : "lines", name: spec.labels[curve.run], x: curve.axes[chosen],
        visible: isShown, hovertemplate: "%{fullData.name}<br>%{x}: %{y:.6~g}<extra></extra>", showlegend: false,
      };
      if (controls.smoothing > 0 && spec.curves.length <= 12) {
        data.push({ ...base, y: curve.values, line: { width: 1, color: color(curve.run) }, opacity: 0.25, hoverinfo: "skip", hovertemplate: null });
      }
      data.push({ ...base, y: smoothed(curve.values, controls.smoothing), line: { width: 1.6, color: color(curve.run) }, marker: { color: color(curve.run) } });
    }
    const layout = {
      xaxis: { title: { text: spec.axes[chosen] }, type: controls.logX ? "log" : "linear" }, yaxis: { type: controls.logY ? "log" : "linear" },
      uirevision: `${chosen} ${controls.logX} ${controls.logY}`,
    };
    return { data, layout };
  }

  class Controls {
    constructor(root) {
      this.root = root;
      this.hidden = new Set();
      this.boxes = [...root.querySelectorAll(".chart")];
      for (const swatch of root.querySelectorAll(".run")) {
        swatch.querySelector(".swatch").style.background = color(Number(swatch.querySelector("input").dataset.run));
      }
      const form = root.querySelector(".controls");
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("input", () => this.change());
      this.read();
    }
    read() {
      const find = (name) => this.root.querySelector(`.controls .${name}`);
      this.smoothing = Number(find("smooth").value);
      this.root.querySelector(".controls output").value = find("smooth").value;
      this.axis = Number(find("axis").value);
      this.logX = find("log-x").checked;
      this.logY = find("log-y").checked;
      const wanted = find("run-filter").value.toLowerCase();
      this.hidden = new Set();
      for (const label of this.root.querySelectorAll(".run")) {
        const box = label.querySelector("input");
        const isIn = label.title.toLowerCase().includes(wanted);
        label.classList.toggle("is-out", !isIn);
        if (!isIn || !box.checked) this.hidden.add(Number(box.dataset.run));
      }
    }
    change() {
      this.read();
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => {
        for (const box of this.boxes) {
          box.dataset.stale = "yes";
          if (box.dataset.inView === "yes") draw(box);
        }
      });
    }
  }

  // ---- drawing

  const controls = new Map();
  for (const root of document.querySelectorAll(".curves")) {
    const shared = new Controls(root);
    for (const box of shared.boxes) controls.set(box, shared);
  }

  function draw(box) {
    const spec = charts[Number(box.dataset.chart)];
    const figure = spec.kind === "curves" ? curvesFigure(spec, controls.get(box)) : spec.figure;
    box.dataset.stale = "no";
    if (figure.data.length === 0) return tellInstead(box, "nothing was logged");
    const wide = figure.data[0].type === "parcoords";
    if (wide && !hasWebGl) return tellInstead(box, "this chart needs WebGL, which this browser does not offer");
    box.classList.toggle("wide-content", wide);
    const layout = themed(figure.layout);
    for (const trace of figure.data) if (trace.type === "heatmap") trace.textfont = { color: css("--text") };
    if (wide) {
      figure.data[0].unselected = { line: { color: css("--muted"), opacity: 0.08 } };
      layout.width = Math.max(box.clientWidth, 110 * figure.data[0].dimensions.length);
      layout.autosize = layout.width === box.clientWidth;  // wider ones are scrolled
    }
    return Plotly.react(box, figure.data, layout, CONFIG).then(() => { box.dataset.drawn = "yes"; });
  }

  function tellInstead(box, words) {
    if (window.Plotly) Plotly.purge(box);
    const note = document.createElement("p");
    note.className = "empty";
    note.textContent = words;
    box.replaceChildren(note);
    box.dataset.drawn = "yes";
  }

  const boxes = [...document.querySelectorAll("[data-chart]")];
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      entry.target.dataset.inView = entry.isIntersecting ? "yes" : "no";
      if (entry.isIntersecting && entry.target.dataset.stale !== "no") draw(entry.target);
    }
  }, { rootMargin: "300px" });
  for (const box of boxes) watcher.observe(box);
  addEventListener("beforeprint", () => boxes.filter((box) => box.dataset.stale !== "no").forEach(draw));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const box of boxes) {
      box.dataset.stale = "yes";
      if (box.dataset.inView === "yes") draw(box);
    }
  });

  // ---- tables

  function sortValue(cell) {
    if (cell === undefined) return { number: NaN, text: "" };
    const number = cell.dataset.sort === undefined ? NaN : Number(cell.dataset.sort.replace("inf", "Infinity"));
    return { number, text: cell.textContent };
  }

  function compare(a, b) {
    if (Number.isNaN(a.number) !== Number.isNaN(b.number)) return Number.isNaN(a.number) ? 1 : -1;
    return Number.isNaN(a.number) ? a.text.localeCompare(b.text) : a.number - b.number;
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map((row) => ({ row, value: sortValue(row.cells[column]) }));
      rows.sort((a, b) => (descending ? compare(b.value, a.value) : compare(a.value, b.value)));
      table.tBodies[0].append(...rows.map((entry) => entry.row));
    }));
  }
  for (const box of document.querySelectorAll(".table-filter")) {
    box.addEventListener("input", () => {
      const wanted = box.value.toLowerCase();
      for (const row of box.parentElement.querySelectorAll("tbody tr")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
  }
})();
