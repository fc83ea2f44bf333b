"use strict";
// Keeps the page up to date. What has not changed is left alone: what is open or selected stays so.
// This runs before the report's script, so that later pages are compared with the page as the server sent it.
(() => {
  const PAUSE = 2000;
  const before = { header: document.querySelector("header").cloneNode(true), main: document.querySelector("main").cloneNode(true) };
  let tag = "";
  let seen = new Date();

  // Updates `live`, which was made from `before`, where `after` differs from `before`; returns the resulting element.
  function update(live, before, after) {
    if (before.isEqualNode(after)) return live;
    if (live.localName !== after.localName || [live, before, after].some(isWhole)) {
      const fresh = document.importNode(after, true);
      live.replaceWith(fresh);
      return fresh;
    }
    for (const { name } of before.attributes) if (!after.hasAttribute(name)) live.removeAttribute(name);
    for (const { name, value } of after.attributes) if (before.getAttribute(name) !== value) live.setAttribute(name, value);
    const there = keyed(live), old = keyed(before), now = keyed(after);
    for (const key of old.keys()) if (!now.has(key)) there.get(key)?.remove();
    let last = null;
    for (const [key, child] of now) {
      const known = there.has(key) && old.has(key);
      const fresh = known ? update(there.get(key), old.get(key), child) : document.importNode(child, true);
      const place = last ? last.nextElementSibling : live.firstElementChild;
      if (fresh !== place) live.insertBefore(fresh, place);
      last = fresh;
    }
    return live;
  }

  // Whether an element is replaced as a whole: a picture, or one that contains text.
  function isWhole(element) {
    return element.localName === "svg" || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  }

  // The children by key: their id, the target of the first link in a row, or else their position.
  function keyed(element) {
    const found = new Map();
    const counts = {};
    for (const child of element.children) {
      const link = child.localName === "tr" && child.querySelector("a[href]");
      const place = (counts[child.localName] = (counts[child.localName] ?? 0) + 1);
      found.set(child.id || (link && link.getAttribute("href")) || `${child.localName} ${place}`, child);
    }
    return found;
  }

  // Makes changes without moving what the reader looks at.
  function quietly(change) {
    const focused = document.activeElement;
    const looked = [];
    const top = document.elementFromPoint(innerWidth / 2, Math.min(120, innerHeight / 4));
    for (let each = top; scrollY > 0 && each?.closest("main"); each = each.parentElement) {
      looked.push([each, each.getBoundingClientRect().top]);
    }
    change();
    report.enhance();
    const kept = looked.find(([each]) => each.isConnected);
    if (kept) scrollBy({ top: kept[0].getBoundingClientRect().top - kept[1], behavior: "instant" });
    if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  // Returns a function that sorts tables again as the reader has sorted them.
  function sorting() {
    const headings = [...document.querySelectorAll("th[aria-sort=ascending], th[aria-sort=descending]")];
    const sorted = headings.map((heading) => [heading.closest("table").id, heading.textContent, heading.ariaSort === "ascending"]);
    return () => {
      report.enhance();
      for (const [id, text, ascending] of sorted) {
        const found = [...document.querySelectorAll(`#${id} thead th`)].find((each) => each.textContent === text);
        if (found) report.sort(found, ascending);
      }
    };
  }

  function parsed(text) {
    return new DOMParser().parseFromString(text, "text/html");
  }

  // Updates what is in progress, often.
  async function poll() {
    const answer = await fetch("progress", { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(answer.statusText);
    const { html, curves, page, title } = await answer.json();
    if (page !== document.getElementById("progress").dataset.page) await reload();
    quietly(() => {
      const after = parsed(html).getElementById("progress");
      const known = before.main.querySelector("#progress");
      update(document.getElementById("progress"), known, after);
      known.replaceWith(after);
      report.redraw(curves);
    });
    document.title = title;
    tag = answer.headers.get("ETag");
  }

  // Updates the report, after runs have finished.
  async function reload() {
    const answer = await fetch("./", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = parsed(await answer.text());
    quietly(() => {
      const again = sorting();
      for (const name of Object.keys(before)) {
        const after = fresh.querySelector(name);
        update(document.querySelector(name), before[name], after);
        before[name] = after;
      }
      again();
      report.redraw(JSON.parse(fresh.getElementById("curves").textContent));
    });
  }

  function say(text) {
    const place = document.getElementById("connection");
    place.textContent = text;
    place.hidden = !text;
  }

  async function go() {
    try {
      await poll();
      seen = new Date();
      say("");
    } catch {
      say(`The server does not respond. Last updated at ${seen.toLocaleTimeString()}.`);
    }
    setTimeout(next, PAUSE);
  }

  function next() {
    if (document.hidden) document.addEventListener("visibilitychange", next, { once: true });
    else go();
  }

  document.addEventListener("DOMContentLoaded", go);
})();
