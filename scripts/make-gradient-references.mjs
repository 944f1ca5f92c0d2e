// Writes fixtures/gradients/second-order.json: second-order gradients of small networks in float64,
// from nothing but plain arithmetic. First derivatives are hand-written backpropagation; the second
// is a central difference of the cost, extrapolated (Richardson) and checked at two step sizes.
//
// usage: node scripts/make-gradient-references.mjs
import { writeFileSync } from 'node:fs';

/** A deterministic uniform number in ±.5 (Lehmer, multiplier 48271), as float32 stores it. */
let seed = 20240117;
const uniform = () => {
  seed = (seed * 48271) % 2147483647;
  return Math.fround(seed / 2147483647 - 0.5);
};
const uniforms = (length) => Float64Array.from({ length }, uniform);

const activations = {
  sigmoid: { value: (z) => 1 / (1 + Math.exp(-z)), slope: (_z, a) => a * (1 - a) },
  tanh: { value: Math.tanh, slope: (_z, a) => 1 - a * a },
  relu: { value: (z) => Math.max(0, z), slope: (z) => (z > 0 ? 1 : 0) },
};

// A layer maps x [batch, …] to y and returns how to take dy back to dx and its parameters' gradients.

function dense([weight, bias], inputs, outputs) {
  return (x) => {
    const batch = x.length / inputs;
    const y = new Float64Array(batch * outputs);
    for (let b = 0; b < batch; b++)
      for (let o = 0; o < outputs; o++) {
        let sum = bias[o];
        for (let i = 0; i < inputs; i++) sum += x[b * inputs + i] * weight[i * outputs + o];
        y[b * outputs + o] = sum;
      }
    const back = (dy) => {
      const dx = new Float64Array(x.length);
      const dWeight = new Float64Array(weight.length);
      const dBias = new Float64Array(outputs);
      for (let b = 0; b < batch; b++)
        for (let o = 0; o < outputs; o++) {
          const d = dy[b * outputs + o];
          dBias[o] += d;
          for (let i = 0; i < inputs; i++) {
            dx[b * inputs + i] += d * weight[i * outputs + o];
            dWeight[i * outputs + o] += d * x[b * inputs + i];
          }
        }
      return { dx, gradients: [dWeight, dBias] };
    };
    return { y, back };
  };
}

/** 3 × 3, zeros around, of images with `side` × `side` pixels; weight [3, 3, in, out]. */
function convolution([weight, bias], side, inputs, outputs) {
  const taps = function* (batch) {
    for (let b = 0; b < batch; b++)
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++)
          for (let r = 0; r < 3; r++)
            for (let c = 0; c < 3; c++) {
              const [y, x] = [row + r - 1, column + c - 1];
              if (y < 0 || y >= side || x < 0 || x >= side) continue;
              yield {
                from: ((b * side + y) * side + x) * inputs,
                to: ((b * side + row) * side + column) * outputs,
                tap: (r * 3 + c) * inputs * outputs,
              };
            }
  };
  return (x) => {
    const batch = x.length / (side * side * inputs);
    const y = Float64Array.from(
      { length: batch * side * side * outputs },
      (_, at) => bias[at % outputs],
    );
    for (const { from, to, tap } of taps(batch))
      for (let i = 0; i < inputs; i++)
        for (let o = 0; o < outputs; o++) y[to + o] += x[from + i] * weight[tap + i * outputs + o];
    const back = (dy) => {
      const dx = new Float64Array(x.length);
      const dWeight = new Float64Array(weight.length);
      const dBias = new Float64Array(outputs);
      for (let at = 0; at < dy.length; at++) dBias[at % outputs] += dy[at];
      for (const { from, to, tap } of taps(batch))
        for (let i = 0; i < inputs; i++)
          for (let o = 0; o < outputs; o++) {
            dx[from + i] += dy[to + o] * weight[tap + i * outputs + o];
            dWeight[tap + i * outputs + o] += dy[to + o] * x[from + i];
          }
      return { dx, gradients: [dWeight, dBias] };
    };
    return { y, back };
  };
}

function activation(name) {
  const { value, slope } = activations[name];
  return (x) => {
    const y = x.map(value);
    return { y, back: (dy) => ({ dx: dy.map((d, at) => d * slope(x[at], y[at])), gradients: [] }) };
  };
}

/** 2 × 2 windows, average or maximum. */
function pool(kind, side, channels) {
  const half = side / 2;
  return (x) => {
    const y = new Float64Array(x.length / 4);
    const shares = new Float64Array(x.length);
    const target = new Int32Array(x.length);
    for (let at = 0; at < y.length; at++) {
      const channel = at % channels;
      const column = Math.floor(at / channels) % half;
      const row = Math.floor(at / channels / half) % half;
      const image = Math.floor(at / channels / half / half);
      const window = [0, 1, 2, 3].map(
        (k) =>
          ((image * side + 2 * row + (k >> 1)) * side + 2 * column + (k & 1)) * channels + channel,
      );
      const values = window.map((index) => x[index]);
      const winner = values.indexOf(Math.max(...values));
      window.forEach((index, k) => {
        target[index] = at;
        shares[index] = kind === 'avg' ? 0.25 : k === winner ? 1 : 0;
        y[at] += shares[index] * x[index];
      });
    }
    const back = (dy) => ({ dx: shares.map((share, at) => share * dy[target[at]]), gradients: [] });
    return { y, back };
  };
}

/** Gradients of the mean cross-entropy in all parameters. */
function gradientsOf(layers, x, labels, classes) {
  let values = x;
  const backs = layers.map((layer) => {
    const { y, back } = layer(values);
    values = y;
    return back;
  });
  let d = new Float64Array(values.length);
  labels.forEach((label, b) => {
    const logits = values.subarray(b * classes, (b + 1) * classes);
    const top = Math.max(...logits);
    const exps = logits.map((z) => Math.exp(z - top));
    const total = exps.reduce((sum, e) => sum + e, 0);
    exps.forEach((e, c) => {
      d[b * classes + c] = (e / total - (c === label ? 1 : 0)) / labels.length;
    });
  });
  const gradients = [];
  for (const back of backs.reverse()) {
    const { dx, gradients: own } = back(d);
    d = dx;
    gradients.unshift(...own);
  }
  return gradients;
}

const networks = {
  mlp: (name) => ({
    inputShape: [12],
    classes: 5,
    shapes: [[12, 10], [10], [10, 8], [8], [8, 5], [5]],
    layers: (p) => [
      dense(p.slice(0, 2), 12, 10),
      activation(name),
      dense(p.slice(2, 4), 10, 8),
      activation(name),
      dense(p.slice(4, 6), 8, 5),
    ],
  }),
  cnn: (name, kind) => ({
    inputShape: [8, 8, 2],
    classes: 4,
    shapes: [[3, 3, 2, 4], [4], [3, 3, 4, 3], [3], [12, 4], [4]],
    layers: (p) => [
      convolution(p.slice(0, 2), 8, 2, 4),
      activation(name),
      pool(kind, 8, 4),
      convolution(p.slice(2, 4), 4, 4, 3),
      activation(name),
      pool(kind, 4, 3),
      dense(p.slice(4, 6), 12, 4),
    ],
  }),
};

const dot = (a, b) =>
  a.reduce((sum, part, at) => sum + part.reduce((s, v, i) => s + v * b[at][i], 0), 0);
const minus = (a, b) => a.map((part, at) => part.map((v, i) => v - b[at][i]));

function makeCase({ network, activation: name, pool: kind, cost, labels, learningRate }) {
  const { inputShape, classes, shapes, layers } = networks[network](name, kind);
  const sizeOf = (shape) => shape.reduce((product, length) => product * length, 1);
  const params = shapes.map((shape) => uniforms(sizeOf(shape)));
  const size = labels.length * sizeOf(inputShape);
  const [target, x] = [uniforms(size), uniforms(size)];
  const observed = (image) => {
    if (cost !== 'unroll5') return gradientsOf(layers(params), image, labels, classes);
    let current = params;
    for (let step = 0; step < 5; step++) {
      const gradients = gradientsOf(layers(current), image, labels, classes);
      current = current.map((p, at) => p.map((v, i) => v - learningRate * gradients[at][i]));
    }
    return minus(current, params);
  };
  const wanted = observed(target);
  const costOf = (image) => {
    const got = observed(image);
    if (cost === 'cos')
      return 1 - dot(got, wanted) / Math.sqrt(dot(got, got) * dot(wanted, wanted));
    const difference = minus(got, wanted);
    return dot(difference, difference);
  };
  const slopeAt = (at, h) => {
    const moved = (by) => costOf(x.map((v, i) => (i === at ? v + by : v)));
    return (moved(h) - moved(-h)) / (2 * h);
  };
  const extrapolated = (at, h) => (4 * slopeAt(at, h / 2) - slopeAt(at, h)) / 3;
  const gradient = Array.from(x, (_, at) => extrapolated(at, 1e-4));
  const again = Array.from(x, (_, at) => extrapolated(at, 3e-5));
  const norm = Math.hypot(...gradient);
  const doubt = Math.hypot(...gradient.map((v, at) => v - again[at])) / norm;
  if (!(doubt < 1e-5))
    throw new Error(`${network} ${name} ${kind} ${cost}: step sizes differ by ${doubt}`);
  return {
    network,
    activation: name,
    pool: kind ?? null,
    cost,
    learningRate: learningRate ?? null,
    labels,
    inputShape,
    params: params.map((values, at) => ({ shape: shapes[at], values: Array.from(values) })),
    target: Array.from(target),
    x: Array.from(x),
    value: costOf(x),
    gradient,
  };
}

const cases = [
  { network: 'mlp', activation: 'sigmoid', cost: 'l2', labels: [1, 4, 0] },
  { network: 'mlp', activation: 'tanh', cost: 'cos', labels: [2, 3] },
  { network: 'mlp', activation: 'relu', cost: 'l2', labels: [0, 3] },
  { network: 'cnn', activation: 'sigmoid', pool: 'avg', cost: 'l2', labels: [2] },
  { network: 'cnn', activation: 'tanh', pool: 'max', cost: 'cos', labels: [1, 0] },
  { network: 'cnn', activation: 'relu', pool: 'max', cost: 'l2', labels: [3] },
  { network: 'cnn', activation: 'relu', pool: 'avg', cost: 'cos', labels: [0] },
  { network: 'mlp', activation: 'sigmoid', cost: 'unroll5', learningRate: 0.5, labels: [1, 2, 4] },
  {
    network: 'cnn',
    activation: 'tanh',
    pool: 'avg',
    cost: 'unroll5',
    learningRate: 0.2,
    labels: [1],
  },
];
const about =
  'Second-order gradients in float64, made by scripts/make-gradient-references.mjs. `gradient` is d cost / d x; cost compares the gradients at x with those at target: l2 = sum of squared differences, cos = 1 - cosine, unroll5 = l2 of the weight change after five full-batch SGD steps.';
const file = new URL('../fixtures/gradients/second-order.json', import.meta.url);
writeFileSync(file, `${JSON.stringify({ about, cases: cases.map(makeCase) })}\n`);
