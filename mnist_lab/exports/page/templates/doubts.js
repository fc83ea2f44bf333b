"use strict";

// Reasons why the network may not be shown what was meant: those of mnist_lab/datasets/drawing/doubts.py that can apply
// to a drawing on a field.

const WIDE = 1.5; // width by height; one digit of MNIST in 200 is wider

function doubtsAbout(picture) {
  const whole = inked(picture);
  if (!whole) return [];
  const doubts = [];
  if (whole.top === 0 || whole.left === 0 || whole.bottom === picture.height || whole.right === picture.width) {
    doubts.push("The drawing touches the edge of the field and may be cut off.");
  }
  const height = whole.bottom - whole.top;
  const tall = connected(cropped(picture, whole)).filter(({ top, bottom }) => bottom - top >= 0.55 * height);
  if (tall.some((one, i) => tall.slice(0, i).some((other) => beside(one, other)))) {
    doubts.push("There are two drawings side by side; the network expects one.");
  } else if (whole.right - whole.left > WIDE * height) {
    doubts.push("The drawing is unusually wide.");
  }
  return doubts;
}

function beside(one, other) {
  const common = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  return common < 0.2 * Math.min(one.right - one.left, other.right - other.left);
}

// The boxes around the parts of a picture whose ink is connected, diagonally too.
function connected({ width, height, values }) {
  const unvisited = new Uint8Array(values.length);
  for (let i = 0; i < unvisited.length; i++) unvisited[i] = values[i] > EDGE ? 1 : 0;
  const boxes = [];
  for (let start = unvisited.indexOf(1); start >= 0; start = unvisited.indexOf(1, start)) {
    const box = { top: height, bottom: 0, left: width, right: 0 };
    const found = [start];
    unvisited[start] = 0;
    while (found.length) {
      const at = found.pop();
      const x = at % width;
      const y = (at - x) / width;
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++) {
        for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column++) {
          const next = row * width + column;
          if (!unvisited[next]) continue;
          unvisited[next] = 0;
          found.push(next);
        }
      }
    }
    boxes.push(box);
  }
  return boxes;
}
