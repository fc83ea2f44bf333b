"use strict";

// From a drawing to the image that the network is shown: the rules of mnist_lab/datasets/centring.py.
// A picture is {width, height, values}: one byte per pixel, 0 for paper and 255 for ink.

const BOX = 20, SIDE = 28, MIDDLE = 14;
const EDGE = 25.5; // stronger pixels belong to the drawing: mnist_lab/datasets/drawing/threshold.py

// Cropped to its ink, its longer side 20 pixels, its centre of mass in the middle of 28 x 28; null without ink.
function likeMnist(picture) {
  const place = inked(picture);
  if (!place) return null;
  const ink = cropped(picture, place);
  const [height, width] = [ink.height, ink.width].map((side) =>
    Math.max(1, round((side * BOX) / Math.max(ink.height, ink.width))),
  );
  const box = resized(ink, width, height, BICUBIC);
  const strongest = box.values.reduce((one, other) => Math.max(one, other), 0);
  if (!strongest) return null;
  box.values = box.values.map((value) => round((value * 255) / strongest));
  const [row, column] = centreOfMass(box);
  const top = Math.min(Math.max(round(MIDDLE - row), 0), SIDE - height);
  const left = Math.min(Math.max(round(MIDDLE - column), 0), SIDE - width);
  const result = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < height; y++) {
    result.set(box.values.subarray(y * width, (y + 1) * width), (top + y) * SIDE + left);
  }
  return { width: SIDE, height: SIDE, values: result };
}

// Only scaled down; null without ink.
function reduced(picture, width, height) {
  return inked(picture) && resized(picture, width, height, LANCZOS);
}

// The rows and columns that hold ink; null if none does.
function inked({ width, height, values }) {
  let [top, bottom, left, right] = [height, 0, width, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x] <= EDGE) continue;
      top = Math.min(top, y);
      bottom = y + 1;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
    }
  }
  return bottom ? { top, bottom, left, right } : null;
}

function cropped({ width, values }, { top, bottom, left, right }) {
  const result = { width: right - left, height: bottom - top };
  result.values = new Uint8Array(result.width * result.height);
  for (let y = top; y < bottom; y++) {
    result.values.set(values.subarray(y * width + left, y * width + right), (y - top) * result.width);
  }
  return result;
}

function centreOfMass({ width, values }) {
  let [mass, rows, columns] = [0, 0, 0];
  values.forEach((value, i) => {
    mass += value;
    rows += value * Math.floor(i / width);
    columns += value * (i % width);
  });
  return [rows / mass, columns / mass];
}

// Rounds half to even, as NumPy does.
function round(value) {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

// Pillow's resampling (src/libImaging/Resample.c): filters with anti-aliasing, first along the rows, then along the
// columns, each with 22-bit weights and 8-bit results. Pillow 13 begins with the columns of tall pictures, which
// makes a difference of a few grey levels.

const BICUBIC = {
  reach: 2,
  weight(x) {
    const away = Math.abs(x);
    if (away < 1) return (1.5 * away - 2.5) * away * away + 1;
    return away < 2 ? (((away - 5) * away + 8) * away - 4) * -0.5 : 0;
  },
};
const LANCZOS = {
  reach: 3,
  weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0),
};

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function resized({ width, height, values }, newWidth, newHeight, filter) {
  const across = newWidth === width ? values : resampled(values, height, width, newWidth, width, 1, filter);
  const result = newHeight === height ? across : resampled(across, newWidth, height, newHeight, 1, newWidth, filter);
  return { width: newWidth, height: newHeight, values: result };
}

// Lines of `before` bytes become lines of `after`; `line` and `step` are the distances between lines and their bytes.
function resampled(values, lines, before, after, line, step, filter) {
  const along = step === 1;
  const result = new Uint8Array(lines * after);
  const scale = Math.max(before / after, 1);
  const reach = filter.reach * scale;
  for (let to = 0; to < after; to++) {
    const centre = (to + 0.5) * (before / after);
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const last = Math.min(Math.trunc(centre + reach + 0.5), before);
    const weights = Float64Array.from({ length: last - first }, (_, i) =>
      filter.weight((first + i - centre + 0.5) * (1 / scale)),
    );
    const total = weights.reduce((one, other) => one + other, 0);
    const whole = weights.map((weight) => Math.trunc((weight / total) * 2 ** 22 + (weight < 0 ? -0.5 : 0.5)));
    for (let at = 0; at < lines; at++) {
      const start = at * line + first * step;
      let sum = 2 ** 21;
      for (let i = 0; i < whole.length; i++) sum += whole[i] * values[start + i * step];
      result[along ? at * after + to : to * lines + at] = Math.min(Math.max(Math.floor(sum / 2 ** 22), 0), 255);
    }
  }
  return result;
}
