"use strict";

// A trained network on one image: the steps that mnist_lab/exports/page/packing.py writes, in plain JavaScript.
// A tensor is {shape, values}, channels last, as in Keras. Sums are taken in double precision.

class Network {
  // `description` is a network's part of the page's JSON, `numbers` a Float32Array of all its weights.
  constructor(description, numbers) {
    this.input = description.input;
    this.steps = description.steps.map((step) => ({ ...step, ...weights(step.weights, numbers) }));
  }

  // The class probabilities of an image: height x width x channels values from 0 to 255.
  probabilities(pixels) {
    const tensors = [{ shape: this.input, values: Float32Array.from(pixels) }];
    for (const step of this.steps) {
      const inputs = step.of.map((index) => tensors[index]);
      tensors.push({ shape: step.shape, values: LAYERS[step.does](step, ...inputs) });
    }
    return tensors.at(-1).values;
  }
}

function weights(places, numbers) {
  const entries = Object.entries(places ?? {});
  return Object.fromEntries(entries.map(([name, { at, shape }]) => [name, numbers.subarray(at, at + size(shape))]));
}

const LAYERS = {
  reshape: (step, { values }) => values,
  affine: ({ scale, offset }, { values }) => values.map((x, i) => x * scale[i % scale.length] + offset[i % scale.length]),
  add: (step, one, other) => one.values.map((x, i) => x + other.values[i]),
  activation: ({ function: name, shape }, { values }) =>
    name in ROW_FUNCTIONS ? byRow(values, shape.at(-1), ROW_FUNCTIONS[name]) : values.map(FUNCTIONS[name]),
  normalize: ({ epsilon, scale, offset, shape }, { values }) =>
    byRow(values, shape.at(-1), (row) => {
      const mean = sum(row) / row.length;
      const deviation = Math.sqrt(sum(row.map((x) => (x - mean) ** 2)) / row.length + epsilon);
      return row.map((x, i) => ((x - mean) / deviation) * scale[i] + offset[i]);
    }),
  dense: ({ kernel, bias, shape }, { values }) => {
    const outputs = shape.at(-1);
    const rows = size(shape) / outputs;
    const result = new Float32Array(rows * outputs);
    multiply(values, rows, values.length / rows, kernel, bias, result, 0);
    return result;
  },
  convolve: convolution,
  convolve_depthwise: depthwiseConvolution,
  pad: padding,
  pool_max: (step, input) => pooling(step, input, -Infinity, Math.max, (value) => value),
  pool_mean: (step, input) => pooling(step, input, 0, (one, other) => one + other, (value, count) => value / count),
};

// rows x inputs times the transpose of outputs x inputs, plus the bias, written to `result` from index `start`.
// Blocks of 2 x 4 results keep the sums in registers; the last block of a side overlaps the one before it.
function multiply(left, rows, inputs, kernel, bias, result, start) {
  const outputs = bias.length;
  if (outputs < 4) {
    for (let row = 0; row < rows; row++) {
      for (let output = 0; output < outputs; output++) {
        let total = bias[output];
        for (let i = 0; i < inputs; i++) total += left[row * inputs + i] * kernel[output * inputs + i];
        result[start + row * outputs + output] = total;
      }
    }
    return;
  }
  for (let block = 0; block < outputs; block += 4) {
    const output = Math.min(block, outputs - 4);
    const k0 = output * inputs, k1 = k0 + inputs, k2 = k1 + inputs, k3 = k2 + inputs;
    const b0 = bias[output], b1 = bias[output + 1], b2 = bias[output + 2], b3 = bias[output + 3];
    let row = 0;
    for (; row + 1 < rows; row += 2) {
      const first = row * inputs, second = first + inputs;
      let s0 = b0, s1 = b1, s2 = b2, s3 = b3, t0 = b0, t1 = b1, t2 = b2, t3 = b3;
      for (let i = 0; i < inputs; i++) {
        const x = left[first + i], y = left[second + i];
        const w0 = kernel[k0 + i], w1 = kernel[k1 + i], w2 = kernel[k2 + i], w3 = kernel[k3 + i];
        s0 += x * w0; s1 += x * w1; s2 += x * w2; s3 += x * w3;
        t0 += y * w0; t1 += y * w1; t2 += y * w2; t3 += y * w3;
      }
      const at = start + row * outputs + output, next = at + outputs;
      result[at] = s0; result[at + 1] = s1; result[at + 2] = s2; result[at + 3] = s3;
      result[next] = t0; result[next + 1] = t1; result[next + 2] = t2; result[next + 3] = t3;
    }
    if (row < rows) {
      const first = row * inputs;
      let s0 = b0, s1 = b1, s2 = b2, s3 = b3;
      for (let i = 0; i < inputs; i++) {
        const x = left[first + i];
        s0 += x * kernel[k0 + i]; s1 += x * kernel[k1 + i]; s2 += x * kernel[k2 + i]; s3 += x * kernel[k3 + i];
      }
      const at = start + row * outputs + output;
      result[at] = s0; result[at + 1] = s1; result[at + 2] = s2; result[at + 3] = s3;
    }
  }
}

// As a matrix product: the windows of one row of the output at a time, each a row of height x width x channels values.
function convolution({ kernel, bias, window, strides, before, shape }, { shape: [height, width, channels], values }) {
  const [rows, columns, filters] = shape;
  const inputs = window[0] * window[1] * channels;
  const result = new Float32Array(rows * columns * filters);
  const windows = new Float32Array(columns * inputs);
  for (let row = 0; row < rows; row++) {
    let at = 0;
    for (let column = 0; column < columns; column++) {
      for (let dy = 0; dy < window[0]; dy++) {
        const y = row * strides[0] - before[0] + dy;
        for (let dx = 0; dx < window[1]; dx++) {
          const x = column * strides[1] - before[1] + dx;
          if (y < 0 || y >= height || x < 0 || x >= width) {
            windows.fill(0, at, at + channels);
          } else {
            const from = (y * width + x) * channels;
            for (let channel = 0; channel < channels; channel++) windows[at + channel] = values[from + channel];
          }
          at += channels;
        }
      }
    }
    multiply(windows, columns, inputs, kernel, bias, result, row * columns * filters);
  }
  return result;
}

// Calls visit(output position, input position, place in the window) for all that lies inside the image.
function slide({ window, strides, before, shape: [rows, columns] }, [height, width], visit) {
  for (let row = 0; row < rows; row++) {
    const top = row * strides[0] - before[0];
    for (let column = 0; column < columns; column++) {
      const left = column * strides[1] - before[1];
      for (let y = Math.max(top, 0); y < Math.min(top + window[0], height); y++) {
        for (let x = Math.max(left, 0); x < Math.min(left + window[1], width); x++) {
          visit(row * columns + column, y * width + x, (y - top) * window[1] + x - left);
        }
      }
    }
  }
}

// Each channel by itself; with several kernels per channel, the outputs of a channel are adjacent.
function depthwiseConvolution(step, { shape, values }) {
  const { kernel, bias } = step;
  const channels = shape[2], outputs = step.shape[2];
  const times = outputs / channels;
  const totals = new Float64Array(size(step.shape));
  for (let i = 0; i < totals.length; i++) totals[i] = bias[i % outputs];
  slide(step, shape, (to, from, place) => {
    let output = 0;
    for (let channel = 0; channel < channels; channel++) {
      const x = values[from * channels + channel];
      for (const end = output + times; output < end; output++) {
        totals[to * outputs + output] += x * kernel[place * outputs + output];
      }
    }
  });
  return Float32Array.from(totals);
}

// Places outside the image do not count.
function pooling(step, { shape, values }, initial, combine, finish) {
  const channels = shape[2];
  const totals = new Float64Array(size(step.shape)).fill(initial);
  const counts = new Uint32Array(totals.length / channels);
  slide(step, shape, (to, from) => {
    counts[to]++;
    for (let channel = 0; channel < channels; channel++) {
      const at = to * channels + channel;
      totals[at] = combine(totals[at], values[from * channels + channel]);
    }
  });
  return Float32Array.from(totals, (value, i) => finish(value, counts[Math.floor(i / channels)]));
}

function padding({ before, shape }, { shape: [height, width, channels], values }) {
  const result = new Float32Array(size(shape));
  for (let y = 0; y < height; y++) {
    const row = values.subarray(y * width * channels, (y + 1) * width * channels);
    result.set(row, ((y + before[0]) * shape[1] + before[1]) * channels);
  }
  return result;
}

// The activation functions by Keras' names, with its default arguments.
const FUNCTIONS = {
  celu: (x) => (x > 0 ? x : Math.expm1(x)),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  exponential: Math.exp,
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  hard_shrink: (x) => (Math.abs(x) > 0.5 ? x : 0),
  hard_sigmoid: (x) => clip(x / 6 + 0.5, 0, 1),
  hard_silu: (x) => x * clip(x / 6 + 0.5, 0, 1),
  hard_tanh: (x) => clip(x, -1, 1),
  leaky_relu: (x) => (x > 0 ? x : 0.2 * x),
  linear: (x) => x,
  log_sigmoid: (x) => -softplus(-x),
  mish: (x) => x * Math.tanh(softplus(x)),
  relu: (x) => (x > 0 ? x : 0),
  relu6: (x) => clip(x, 0, 6),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  sigmoid,
  silu: (x) => x * sigmoid(x),
  soft_shrink: (x) => x - clip(x, -0.5, 0.5),
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  sparse_plus: (x) => (x <= -1 ? 0 : x < 1 ? (x + 1) ** 2 / 4 : x),
  sparse_sigmoid: (x) => clip((x + 1) / 2, 0, 1),
  squareplus: (x) => (x + Math.sqrt(x * x + 4)) / 2,
  tanh: Math.tanh,
  tanh_shrink: (x) => x - Math.tanh(x),
};

// Activation functions over the last axis: one row at a time.
const ROW_FUNCTIONS = {
  softmax: (row) => {
    const shift = largest(row);
    const powers = row.map((x) => Math.exp(x - shift));
    const total = sum(powers);
    return powers.map((power) => power / total);
  },
  log_softmax: (row) => {
    const most = largest(row);
    const shift = most + Math.log(sum(row.map((x) => Math.exp(x - most))));
    return row.map((x) => x - shift);
  },
  // A. F. T. Martins, R. F. Astudillo, "From softmax to sparsemax", ICML 2016, algorithm 1; but as in Keras 3.15, which adds
  // up the sums of the whole support where the paper takes the last of them.
  sparsemax: (row) => {
    let [total, sums, support] = [0, 0, 0];
    [...row].sort((a, b) => b - a).forEach((x, i) => {
      total += x;
      if (x - (total - 1) / (i + 1) <= 0) return;
      sums += total;
      support++;
    });
    return row.map((x) => Math.max(x - (sums - 1) / support, 0));
  },
};

function byRow(values, length, apply) {
  const result = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += length) {
    result.set(apply(Float64Array.from(values.subarray(at, at + length))), at);
  }
  return result;
}

function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

// M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions", 7.1.26; its error is below 1.5e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

function clip(x, low, high) {
  return Math.min(Math.max(x, low), high);
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

function largest(values) {
  return values.reduce((one, other) => Math.max(one, other), -Infinity);
}

function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}
