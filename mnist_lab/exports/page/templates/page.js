"use strict";

// The page: pointer and keyboard make a drawing, which becomes an image, for which the networks' answers are shown.

const find = (selector, root = document) => root.querySelector(selector);
const facts = JSON.parse(find("#facts").textContent);
const [height, width] = facts.shape;
const LONGEST = 480; // pixels: the size that `predict` uses too

const drawing = new Drawing();
const field = find("#field");
field.parentElement.style.setProperty("--aspect", width / height);
const ink = document.createElement("canvas");
ink.width = Math.round((LONGEST * width) / Math.max(width, height));
ink.height = Math.round((LONGEST * height) / Math.max(width, height));

const networks = facts.networks.map((description, i) => ({
  network: new Network(description, numbers(find(`#weights-${i}`))),
  name: description.name,
  card: find(`#network-${i}`),
}));

// Float32 in Base64, little-endian like every device with a browser.
function numbers(element) {
  const text = atob(element.textContent.trim());
  element.remove();
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

// The drawing, one byte per pixel.
function picture() {
  const context = ink.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#000";
  context.fillRect(0, 0, ink.width, ink.height);
  context.strokeStyle = "#fff";
  drawing.paint(context, ink.width);
  const { data } = context.getImageData(0, 0, ink.width, ink.height);
  const values = new Uint8Array(ink.width * ink.height);
  for (let i = 0; i < values.length; i++) values[i] = data[4 * i];
  return { width: ink.width, height: ink.height, values };
}

// What the networks are shown of a picture; null if it is empty.
function prepared(given) {
  const image = facts.preparation === "mnist" ? likeMnist(given) : reduced(given, width, height);
  if (image && facts.darkOnLight) image.values = image.values.map((value) => 255 - value);
  return image;
}

// Answers.

function answer() {
  const given = picture();
  const image = prepared(given);
  show(image);
  const doubts = image && facts.preparation === "mnist" ? doubtsAbout(given) : [];
  find("#doubts").textContent = doubts.join(" ");
  const likeliest = networks.map(({ network, card }) => {
    const probabilities = image && network.probabilities(image.values);
    fill(card, probabilities);
    return probabilities && facts.classes[ranked(probabilities)[0]];
  });
  find("#verdict").textContent = image ? verdict(likeliest) : "";
}

function show(image) {
  const seen = find("#seen");
  const context = seen.getContext("2d");
  const blank = facts.darkOnLight ? 255 : 0;
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    pixels.data.fill(image ? image.values[i] : blank, 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

function fill(card, probabilities) {
  const order = probabilities ? ranked(probabilities) : [];
  const [first, second] = order;
  find(".label", card).textContent = probabilities ? facts.classes[first] : "";
  find(".probability", card).textContent = probabilities ? percent(probabilities[first]) : "";
  find(".second", card).textContent =
    order.length > 1 ? `then ${facts.classes[second]}, ${percent(probabilities[second])}` : "";
  const unsure = probabilities && probabilities[first] < facts.doubtful;
  find(".unsure", card).textContent = unsure ? `Not sure: below ${100 * facts.doubtful} %.` : "";
  card.querySelectorAll(".bars li").forEach((row, i) => {
    row.classList.toggle("first", i === first);
    row.classList.toggle("second", i === second);
    row.style.setProperty("--share", probabilities ? probabilities[i] : 0);
    find(".share", row).textContent = probabilities ? `${Math.round(100 * probabilities[i])} %` : "";
  });
}

function ranked(probabilities) {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
}

function verdict(labels) {
  if (labels.length === 1) return `The network says ${labels[0]}.`;
  if (new Set(labels).size === 1) return `${labels.length === 2 ? "Both" : "All"} say ${labels[0]}.`;
  return `They disagree: ${networks.map(({ name }, i) => `${labels[i]} (${name})`).join(", ")}.`;
}

function percent(share) {
  if (share > 0.999 && share < 1) return "> 99.9 %";
  return share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

// The field: repainted in every frame in which something changed. The networks may take half of the time; the other
// half is for drawing.

let framed = false;
let timer = 0;
let free = 0;

function changed() {
  if (framed) return;
  framed = true;
  requestAnimationFrame(() => {
    framed = false;
    paint();
    think();
  });
}

function paint() {
  const scale = window.devicePixelRatio;
  field.width = Math.round(field.clientWidth * scale);
  field.height = Math.round(field.clientHeight * scale);
  const context = field.getContext("2d");
  context.strokeStyle = getComputedStyle(field).color;
  drawing.paint(context, field.width);
  find("#invitation").hidden = !drawing.empty;
}

function think() {
  clearTimeout(timer);
  const start = performance.now();
  if (start < free) {
    timer = setTimeout(think, free - start);
    return;
  }
  answer();
  const end = performance.now();
  free = end + (end - start);
}

// Mouse, pen and finger; one at a time.

let pointer = null;

function point(event) {
  const box = field.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.width };
}

field.addEventListener("pointerdown", (event) => {
  if (pointer !== null || !event.isPrimary || event.button !== 0) return;
  pointer = event.pointerId;
  field.setPointerCapture(pointer);
  drawing.begin(point(event));
  changed();
});
field.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const events = event.getCoalescedEvents?.() ?? [];
  drawing.extend((events.length ? events : [event]).map(point));
  changed();
});
for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
  field.addEventListener(end, (event) => {
    if (event.pointerId === pointer) pointer = null;
  });
}

function undo() {
  pointer = null;
  drawing.undo();
  changed();
}

function clear() {
  pointer = null;
  drawing.clear();
  changed();
}

find("#undo").addEventListener("click", undo);
find("#clear").addEventListener("click", clear);
document.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (command && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z") undo();
  else if (!command && !event.altKey && ["Delete", "Backspace", "Escape"].includes(event.key)) clear();
  else return;
  event.preventDefault();
});
new ResizeObserver(changed).observe(field);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
