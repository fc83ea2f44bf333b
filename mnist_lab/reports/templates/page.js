"use strict";
const report = (() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const curves = JSON.parse(document.getElementById("curves")?.textContent ?? "{}");

  // Sortable tables: each heading has a button, and says in aria-sort how it is sorted.

  const names = new Intl.Collator("en", { numeric: true });

  function sortable(heading) {
    if (heading.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => {
      // Numbers sort largest first, words alphabetically.
      const numeric = heading.classList.contains("number");
      const before = heading.getAttribute("aria-sort");
      sort(heading, before === "none" ? !numeric : before === "descending");
    });
    heading.append(button);
    heading.setAttribute("aria-sort", "none");
  }

  function sort(heading, ascending) {
    const table = heading.closest("table");
    const column = heading.cellIndex;
    const keyed = [...table.tBodies[0].rows].map((row) => [key(row.cells[column]), row]);
    keyed.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      const order = typeof a === "number" && typeof b === "number" ? a - b : names.compare(a, b);
      return ascending ? order : -order;
    });
    table.tBodies[0].append(...keyed.map(([, row]) => row));
    for (const other of all("thead th", table)) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  }

  function key(cell) {
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  }

  // The filter: rows that have all of its words, and the runs that belong to them, if there are any.

  function filter(tools) {
    const words = plain(tools.querySelector("input").value).split(/\s+/).filter(Boolean);
    const rows = [...document.getElementById(tools.dataset.for).tBodies[0].rows];
    let shown = 0;
    for (const row of rows) {
      const runs = document.getElementById(decodeURIComponent(row.querySelector("a")?.hash.slice(1) ?? ""));
      const text = plain(`${row.textContent} ${runs?.querySelector(".name").textContent ?? ""}`);
      const hidden = !words.every((word) => text.includes(word));
      row.hidden = hidden;
      if (runs) runs.hidden = hidden;
      shown += !hidden;
    }
    const total = `${rows.length} ${tools.dataset.noun}${rows.length === 1 ? "" : "s"}`;
    tools.querySelector("output").textContent = words.length ? `${shown} of ${total}` : total;
  }

  function unfilter(part) {
    const input = part.querySelector(".tools input");
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Lower case, with "->" for the arrow, as a user types it.
  function plain(text) {
    return text.toLowerCase().replaceAll("→", "->");
  }

  // Small charts of loss and accuracy by epoch, drawn when their experiment is opened. Their scale is logarithmic in
  // the loss and, for accuracy, in the error, so that .98 and .99 are as far apart as .8 and .9.

  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 210, LEFT = 52, RIGHT = 10, TOP = 8, BELOW = 34;

  function element(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.append(...children);
    return made;
  }

  const QUANTITIES = [
    { name: "Accuracy", scale: "log-error", train: "accuracy", held: "val_accuracy", cost: (value) => 1 - value, label: (cost) => 1 - cost },
    { name: "Loss", scale: "log", train: "loss", held: "val_loss", cost: (value) => value, label: (cost) => cost },
  ];

  function chart(runs, { name, scale, train, held, cost, label }, validation, width) {
    const lines = [[train, "training"], [held, "validation"]].flatMap(([field, look]) =>
      runs.map((run) => ({ look, points: run.epoch.map((epoch, i) => [epoch, run[field][i]]).filter(([, y]) => y !== null) })),
    ).filter((line) => line.points.length);
    if (!lines.length) return null;
    const costs = lines.flatMap((line) => line.points.map(([, value]) => Math.max(0, cost(value))));
    const positive = costs.filter((value) => value > 1e-9);
    const least = positive.length ? Math.min(...positive) : 0.01;
    const floor = (costs.length > positive.length ? least / 2 : least) / 1.12;
    const most = Math.max(floor * 1.3, ...costs) * 1.12;
    const last = Math.max(...lines.flatMap((line) => line.points.map(([epoch]) => epoch)));
    const first = Math.min(...lines.flatMap((line) => line.points.map(([epoch]) => epoch)));
    const x = (epoch) => LEFT + ((width - LEFT - RIGHT) * (epoch - first)) / Math.max(1, last - first);
    // Both get better away from the middle: accuracy upwards, loss downwards.
    const share = (value) => Math.log(Math.max(cost(value), floor) / floor) / Math.log(most / floor);
    const upwards = name === "Accuracy";
    const y = (value) => TOP + (HEIGHT - TOP - BELOW) * (upwards ? share(value) : 1 - share(value));

    const svg = element("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": `${name} by epoch` });
    for (const tick of round(floor, most)) {
      const at = y(label(tick));
      svg.append(
        element("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }),
        element("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, String(Number(label(tick).toPrecision(6)))),
      );
    }
    for (const epoch of epochs(first, last)) {
      svg.append(element("text", { x: x(epoch), y: HEIGHT - 16, "text-anchor": "middle" }, String(epoch)));
    }
    svg.append(element("text", { x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 2, "text-anchor": "middle" }, "epoch"));
    for (const { look, points } of lines) {
      const classes = runs.length > 1 ? `${look} many` : look;
      const path = points.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
      svg.append(element("polyline", { class: classes, points: path }));
      if (points.length === 1) svg.append(element("circle", { class: look, cx: x(points[0][0]), cy: y(points[0][1]), r: 3 }));
    }
    return figure(`${name} (${scale} scale)`, svg, lines, { training: "training", validation });
  }

  function figure(name, svg, lines, words) {
    const made = document.createElement("figure");
    made.className = "chart";
    const caption = document.createElement("figcaption");
    const strong = document.createElement("strong");
    strong.textContent = name;
    caption.append(strong, "last epoch:");
    for (const look of Object.keys(words)) {
      const lasts = lines.filter((line) => line.look === look).map((line) => line.points.at(-1)[1]);
      if (!lasts.length) continue;
      const span = document.createElement("span");
      span.className = "key";
      const mean = lasts.reduce((sum, value) => sum + value, 0) / lasts.length;
      const sample = element("svg", { viewBox: "0 0 18 6", "aria-hidden": "true" });
      sample.append(element("line", { class: look, x1: 0, x2: 18, y1: 3, y2: 3 }));
      span.append(sample, `${words[look]} ${mean.toFixed(4)}`);
      caption.append(" ", span);
    }
    made.append(caption, svg);
    return made;
  }

  // Two to five round numbers between two costs.
  function round(low, high) {
    let ticks = [];
    for (const steps of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]]) {
      ticks = [];
      for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
        ticks.push(...steps.map((step) => step * 10 ** power).filter((tick) => low <= tick && tick <= high));
      }
      if (ticks.length >= 3) break;
    }
    return ticks.length ? ticks.filter((_, i) => i % Math.ceil(ticks.length / 6) === 0) : [low, high];
  }

  function epochs(first, last) {
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((each) => (last - first) / each <= 8) ?? last - first;
    const ticks = [first];
    for (let epoch = Math.ceil((first + step / 2) / step) * step; epoch <= last; epoch += step) ticks.push(epoch);
    return ticks;
  }

  function draw(experiment) {
    const section = experiment.querySelector("[data-curves]");
    const place = section.querySelector(".charts");
    const room = place.clientWidth;
    if (!room || place.dataset.room === String(room)) return;
    place.dataset.room = room;
    const width = Math.min(576, room < 600 ? room : (room - 32) / 2);
    const runs = curves[section.dataset.curves] ?? [];
    const charts = QUANTITIES.map((quantity) => chart(runs, quantity, section.dataset.validation, width)).filter(Boolean);
    place.replaceChildren(...(charts.length ? charts : [section.dataset.empty ?? "No history of these runs can be read."]));
  }

  // Wiring: what is on the page now, and what is added later.

  const widths = new ResizeObserver((entries) => entries.forEach(({ target }) => draw(target.closest(".experiment"))));

  function enhance() {
    for (const heading of all(".experiments thead th")) sortable(heading);
    for (const hidden of all(".tools, .copy")) hidden.hidden = false;
    for (const tools of all(".tools[data-for]")) filter(tools);
    for (const place of all(".charts")) widths.observe(place);
  }

  // Draws charts with new curves, given by the experiments' ids.
  function redraw(fresh) {
    for (const [name, runs] of Object.entries(fresh)) {
      const place = document.getElementById(name)?.querySelector(".charts");
      if (!place || JSON.stringify(runs) === JSON.stringify(curves[name])) continue;
      curves[name] = runs;
      delete place.dataset.room;
      draw(place.closest(".experiment"));
    }
  }

  document.addEventListener("input", ({ target }) => {
    if (target.matches(".tools input")) filter(target.closest(".tools"));
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-fold], .copy");
    if (button?.matches(".copy")) copy(button);
    else if (button) for (const each of all(".experiment", button.closest("section"))) each.open = Boolean(button.dataset.fold);
    else if (target.closest('a[href^="#"]')) setTimeout(follow);
  });

  async function copy(button) {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      // Some browsers deny pages on disk the clipboard; what is selected can be copied by hand.
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  // A link to an experiment opens it, even if the filter has hidden it.
  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.matches(".experiment")) {
      if (target.hidden) unfilter(target.closest(".part"));
      target.open = true;
      target.scrollIntoView();
      target.querySelector("summary").focus({ preventScroll: true });
    }
  }
  addEventListener("hashchange", follow);
  enhance();
  follow();
  return { enhance, redraw, sort };
})();
