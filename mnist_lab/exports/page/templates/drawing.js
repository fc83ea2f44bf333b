"use strict";

// The drawing: strokes of points on a field of 1 by height / width, with its earlier states, for undo.

const PEN = 0.065; // the width of a stroke: for a digit that fills the field, about the width of MNIST's strokes

class Drawing {
  constructor() {
    this.strokes = [];
    this.past = [];
  }

  get empty() {
    return !this.strokes.length;
  }

  begin(point) {
    this.past.push(this.strokes);
    this.strokes = [...this.strokes, [point]];
  }

  extend(points) {
    this.strokes.at(-1).push(...points);
  }

  // Can be undone like a stroke.
  clear() {
    if (this.empty) return;
    this.past.push(this.strokes);
    this.strokes = [];
  }

  undo() {
    this.strokes = this.past.pop() ?? [];
  }

  // In the current colour, scaled to `width` pixels; curves through the midpoints smooth the strokes.
  paint(context, width) {
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = PEN * width;
    for (const points of this.strokes) {
      const at = points.map(({ x, y }) => [x * width, y * width]);
      const [first, last] = [at[0], at.at(-1)];
      context.beginPath();
      context.arc(...first, 0.5, 0, 2 * Math.PI); // a tap is a dot
      context.moveTo(...first);
      for (let i = 1; i < at.length; i++) {
        const middle = [(at[i - 1][0] + at[i][0]) / 2, (at[i - 1][1] + at[i][1]) / 2];
        context.quadraticCurveTo(...at[i - 1], ...middle);
      }
      context.lineTo(...last);
      context.stroke();
    }
  }
}
