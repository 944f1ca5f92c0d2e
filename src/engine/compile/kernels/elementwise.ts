import type { Edge, Graph } from '../graph.ts';
import type { Attributes, ElementType } from '../onnx-writer.ts';
import {
  arrangeThin,
  broadcastShape,
  elementType,
  equal,
  fullOrder,
  knownSplat,
  memoryOrder,
  range,
  reshapeEdge,
  sizeOf,
  splat,
  stretch,
  type Value,
} from '../value.ts';
import { input, inputList, type Kernel, type KernelTable } from './kernel.ts';

/** Applies an operation without broadcasting to the numbers as they lie, repeated ones once. */
export function unary(
  graph: Graph,
  op: string,
  x: Value,
  type: ElementType = x.edge.type,
  attributes: Attributes = {},
): Value {
  return { ...x, edge: graph.add(op, [x.edge], { type, shape: x.edge.shape }, attributes) };
}

/** Applies an operation with broadcasting, in the memory order of its main operand. */
export function elementwise(
  graph: Graph,
  op: string,
  operands: readonly Value[],
  type: ElementType,
  attributes: Attributes = {},
): Value {
  const shape = broadcastShape(operands.map((operand) => operand.shape));
  const views = operands.map((operand) => stretch(operand, shape));
  const main = views.reduce((a, b) => (weight(b) > weight(a) ? b : a));
  if (main.axes.some((axis) => axis >= 0) && views.every((operand) => lieAlike(operand, main))) {
    const edges = views.map((operand) => operand.edge);
    const edge = graph.add(op, edges, { type, shape: main.edge.shape }, attributes);
    return { edge, shape, axes: main.axes };
  }

  const isHeld = (axis: number) => views.some(({ axes }) => (axes[axis] as number) >= 0);
  const held = range(shape.length).filter(isHeld);
  // The frame is the layout of the result: for each of its axes the tfjs axis it holds.
  let frame: (number | null)[];
  if (held.every((axis) => (main.axes[axis] as number) >= 0)) {
    frame = main.edge.shape.map((_, at) => {
      const axis = main.axes.indexOf(at);
      return axis < 0 ? null : axis;
    });
  } else frame = fullOrder(main).filter(isHeld);

  const edges = views.map((operand) =>
    operand === main && main.edge.shape.length === frame.length
      ? alignMain(graph, main, frame)
      : trimmed(graph, operand, frame),
  );
  const laidOut = broadcastShape(edges.map((edge) => edge.shape));
  const edge = graph.add(op, edges, { type, shape: laidOut }, attributes);
  const lead = laidOut.length - frame.length;
  const axes = shape.map((_, axis) => (isHeld(axis) ? frame.indexOf(axis) + lead : -1));
  return { edge, shape, axes };
}

/** Whether an operand goes with the main one as it is: one number, or laid out the same. */
const lieAlike = (operand: Value, main: Value): boolean =>
  operand.edge.shape.length === 0 ||
  (equal(operand.axes, main.axes) && equal(operand.edge.shape, main.edge.shape));

/**
 * The operand of the greatest weight keeps its layout: the largest, and of several one that changes
 * from step to step, since the others are laid out anew only once, before the loop.
 */
const weight = ({ edge }: Value): number => 2 * sizeOf(edge.shape) + (edge.varies ? 1 : 0);

function alignMain(graph: Graph, main: Value, frame: readonly (number | null)[]): Edge {
  return frame.every((axis, at) => axis === null || main.axes[axis] === at)
    ? main.edge
    : trimmed(graph, main, frame);
}

/** Lays an operand out in a frame, without the leading axes of length one that it needs not have. */
function trimmed(graph: Graph, operand: Value, frame: readonly (number | null)[]): Edge {
  const lying = memoryOrder(operand);
  const first = frame.findIndex((axis) => axis !== null && lying.includes(axis));
  if (first < 0) return operand.edge.shape.length === 0 ? operand.edge : scalarEdge(graph, operand);
  const needed = frame.slice(first);
  // An edge that differs only by leading axes of length one serves as it is.
  const lead = operand.edge.shape.length - needed.length;
  const serves =
    lead >= 0 &&
    lead <= first &&
    needed.every((axis, at) => {
      const held = axis === null ? -1 : (operand.axes[axis] as number);
      return held < 0 ? operand.edge.shape[lead + at] === 1 : held === lead + at;
    });
  return serves ? operand.edge : arrangeThin(graph, operand, needed);
}

const scalarEdge = (graph: Graph, operand: Value): Edge => reshapeEdge(graph, operand.edge, []);

type Fold = (a: number, b: number) => number;

/** A number computed while tracing, when both operands are known. */
function folded(graph: Graph, a: Value, b: Value, fold: Fold): Value | undefined {
  const [left, right] = [knownSplat(a), knownSplat(b)];
  if (left === undefined || right === undefined || a.edge.type !== 'float32') return undefined;
  const edge = graph.scalar('float32', Math.fround(fold(left, right)));
  return splat(edge, broadcastShape([a.shape, b.shape]));
}

interface Arithmetic {
  readonly op: string;
  readonly fold: Fold;
  /** The right operand that leaves the left one as it is, and whether it does so on the left too. */
  readonly neutral?: number;
  readonly commutes?: boolean;
}

const arithmetic =
  ({ op, fold, neutral, commutes }: Arithmetic): Kernel =>
  (call) => {
    const [a, b] = [input(call, 'a'), input(call, 'b')];
    const known = folded(call.graph, a, b, fold);
    if (known) return known;
    const stretched = (value: Value) => stretch(value, broadcastShape([a.shape, b.shape]));
    if (neutral !== undefined && knownSplat(b) === neutral) return stretched(a);
    if (neutral !== undefined && commutes && knownSplat(a) === neutral) return stretched(b);
    if (op === 'Mul') return product(call.graph, a, b);
    return elementwise(call.graph, op, [a, b], a.edge.type);
  };

/** a·b; a known factor of the larger operand goes to the smaller one: a·(c·b) = (a·c)·b. */
function product(graph: Graph, a: Value, b: Value): Value {
  const multiply = (x: Value, y: Value) => elementwise(graph, 'Mul', [x, y], x.edge.type);
  const [small, large] = sizeOf(a.edge.shape) < sizeOf(b.edge.shape) ? [a, b] : [b, a];
  const node = graph.producer(large.edge);
  const factor = node?.op === 'Mul' && node.inputs.find(({ constant }) => constant?.length === 1);
  const rest = factor && node.inputs.find((edge) => edge !== factor);
  const isMovable = rest && equal(rest.shape, large.edge.shape) && knownSplat(small) === undefined;
  if (!isMovable || sizeOf(small.edge.shape) === sizeOf(large.edge.shape)) return multiply(a, b);
  return multiply(multiply(small, splat(factor, [])), { ...large, edge: rest });
}

const comparison =
  (op: string, negated = false): Kernel =>
  (call) => {
    const result = elementwise(call.graph, op, [input(call, 'a'), input(call, 'b')], 'bool');
    return negated ? unary(call.graph, 'Not', result) : result;
  };

const binary =
  (op: string): Kernel =>
  (call) => {
    const [a, b] = [input(call, 'a'), input(call, 'b')];
    return elementwise(call.graph, op, [a, b], a.edge.type);
  };

const map =
  (op: string, attributes?: (attrs: Readonly<Record<string, unknown>>) => Attributes): Kernel =>
  (call) =>
    unary(call.graph, op, input(call, 'x'), undefined, attributes?.(call.attrs));

const constantLike = (graph: Graph, like: Value, value: number): Value =>
  splat(graph.scalar(like.edge.type === 'int32' ? 'int32' : 'float32', value), []);

/** An operation applied to `x` and numbers known while tracing. */
const withNumbers =
  (record: (graph: Graph, x: Value, number: (value: number) => Value) => Value): Kernel =>
  (call) => {
    const x = input(call, 'x');
    return record(call.graph, x, (value) => constantLike(call.graph, x, value));
  };

const floatOf = (graph: Graph, mask: Value): Value => cast(graph, mask, 'float32');

/** Converts between element types; a boolean is 0 or 1. */
export function cast(graph: Graph, x: Value, type: ElementType): Value {
  if (x.edge.type === type) return x;
  const known = knownSplat(x);
  if (known !== undefined && type !== 'bool' && type !== 'int64')
    return { ...x, edge: graph.scalar(type, type === 'int32' ? Math.trunc(known) : known) };
  const to = { float32: 1, int32: 6, int64: 7, bool: 9 }[type];
  return unary(graph, 'Cast', x, type, { to });
}

/** Maps elements in place, with the operands (if any) as known numbers: tfjs name → ONNX name. */
const SAME_UNDER_ANOTHER_NAME = {
  Abs: 'Abs',
  Acos: 'Acos',
  Acosh: 'Acosh',
  Asin: 'Asin',
  Asinh: 'Asinh',
  Atan: 'Atan',
  Atanh: 'Atanh',
  Ceil: 'Ceil',
  Cos: 'Cos',
  Cosh: 'Cosh',
  Erf: 'Erf',
  Exp: 'Exp',
  Floor: 'Floor',
  IsInf: 'IsInf',
  IsNan: 'IsNaN',
  Log: 'Log',
  LogicalNot: 'Not',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Round: 'Round',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
  Sin: 'Sin',
  Sinh: 'Sinh',
  Softplus: 'Softplus',
  Sqrt: 'Sqrt',
  Tan: 'Tan',
  Tanh: 'Tanh',
} as const;

const YIELDS_BOOLEAN = new Set(['IsInf', 'IsNan']);

const renamed: KernelTable = Object.fromEntries(
  Object.entries(SAME_UNDER_ANOTHER_NAME).map(([kernel, op]): [string, Kernel] => [
    kernel,
    YIELDS_BOOLEAN.has(kernel)
      ? (call) => unary(call.graph, op, input(call, 'x'), 'bool')
      : map(op),
  ]),
);

export const elementwiseKernels: KernelTable = {
  ...renamed,
  Add: arithmetic({ op: 'Add', fold: (a, b) => a + b, neutral: 0, commutes: true }),
  Sub: arithmetic({ op: 'Sub', fold: (a, b) => a - b, neutral: 0 }),
  Multiply: arithmetic({ op: 'Mul', fold: (a, b) => a * b, neutral: 1, commutes: true }),
  RealDiv: arithmetic({ op: 'Div', fold: (a, b) => a / b, neutral: 1 }),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  SquaredDifference: (call) => {
    const difference = elementwise(
      call.graph,
      'Sub',
      [input(call, 'a'), input(call, 'b')],
      input(call, 'a').edge.type,
    );
    return square(call.graph, difference);
  },
  Atan2: (call) => atan2(call.graph, input(call, 'a'), input(call, 'b')),
  /** The remainder with the sign of the divisor; ONNX's has the sign of the dividend. */
  Mod: (call) => {
    const { graph } = call;
    const [a, b] = [input(call, 'a'), input(call, 'b')];
    const type = a.edge.type;
    const remainder = (x: Value) => elementwise(graph, 'Mod', [x, b], type, { fmod: 1 });
    const rest = remainder(a);
    const isNegative = (x: Value) =>
      elementwise(graph, 'Less', [x, constantLike(graph, x, 0)], 'bool');
    const differ = elementwise(graph, 'Xor', [isNegative(a), isNegative(b)], 'bool');
    const turned = remainder(elementwise(graph, 'Add', [rest, b], type));
    return elementwise(graph, 'Where', [differ, turned, rest], type);
  },
  FloorDiv: (call) => {
    const [a, b] = [input(call, 'a'), input(call, 'b')];
    const floats = [a, b].map((value) => cast(call.graph, value, 'float32'));
    const quotient = elementwise(call.graph, 'Div', floats, 'float32');
    return cast(call.graph, unary(call.graph, 'Floor', quotient), a.edge.type);
  },
  AddN: (call) => {
    const terms = inputList(call).filter((term) => knownSplat(term) !== 0);
    const [first, ...rest] = terms;
    if (!first) return inputList(call)[0] as Value;
    return rest.reduce(
      (sum, term) => elementwise(call.graph, 'Add', [sum, term], sum.edge.type),
      first,
    );
  },

  Equal: comparison('Equal'),
  NotEqual: comparison('Equal', true),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: comparison('And'),
  LogicalOr: comparison('Or'),

  Square: (call) => square(call.graph, input(call, 'x')),
  Expm1: withNumbers((graph, x, number) =>
    elementwise(graph, 'Sub', [unary(graph, 'Exp', x), number(1)], 'float32'),
  ),
  Log1p: withNumbers((graph, x, number) =>
    unary(graph, 'Log', elementwise(graph, 'Add', [x, number(1)], 'float32')),
  ),
  Rsqrt: withNumbers((graph, x) => unary(graph, 'Reciprocal', unary(graph, 'Sqrt', x))),
  Relu6: withNumbers((graph, x, number) =>
    elementwise(graph, 'Min', [unary(graph, 'Relu', x), number(6)], x.edge.type),
  ),
  IsFinite: withNumbers((graph, x) => {
    const odd = [unary(graph, 'IsInf', x, 'bool'), unary(graph, 'IsNaN', x, 'bool')];
    return unary(graph, 'Not', elementwise(graph, 'Or', odd, 'bool'));
  }),
  Elu: map('Elu', () => ({ alpha: { float: 1 } })),
  Selu: map('Selu'),
  LeakyRelu: map('LeakyRelu', (attrs) => ({ alpha: { float: attrs.alpha as number } })),
  Prelu: (call) =>
    elementwise(call.graph, 'PRelu', [input(call, 'x'), input(call, 'alpha')], 'float32'),
  /** d elu: dy where y > 0, else dy·(y + 1). */
  EluGrad: (call) => {
    const { graph } = call;
    const [dy, y] = [input(call, 'dy'), input(call, 'y')];
    const number = (value: number) => constantLike(graph, y, value);
    const negative = elementwise(graph, 'Min', [y, number(0)], 'float32');
    const slope = elementwise(graph, 'Add', [negative, number(1)], 'float32');
    return elementwise(graph, 'Mul', [dy, slope], 'float32');
  },
  /** 1 where x > 0, else `alpha`. */
  Step: (call) => {
    const { graph } = call;
    const x = input(call, 'x');
    const alpha = call.attrs.alpha as number;
    if (alpha === -1 && x.edge.type === 'float32') {
      // The gradient of an absolute value, three times faster than comparing and choosing (measured).
      const half = constantLike(graph, x, 0.5);
      const shifted = elementwise(graph, 'Sub', [unary(graph, 'Sign', x), half], 'float32');
      return unary(graph, 'Sign', shifted);
    }
    const positive = elementwise(graph, 'Greater', [x, constantLike(graph, x, 0)], 'bool');
    if (alpha === 0) return floatOf(graph, positive);
    const numbers = [constantLike(graph, x, 1), constantLike(graph, x, alpha)];
    return elementwise(graph, 'Where', [positive, ...numbers], x.edge.type);
  },
  ClipByValue: (call) => {
    const { graph } = call;
    const x = input(call, 'x');
    const { clipValueMin, clipValueMax } = call.attrs as Record<string, number>;
    const number = (value: number) => constantLike(graph, x, value).edge;
    const bounds = [number(clipValueMin as number), number(clipValueMax as number)];
    return {
      ...x,
      edge: graph.add('Clip', [x.edge, ...bounds], { type: x.edge.type, shape: x.edge.shape }),
    };
  },
  Cast: (call) => {
    const x = input(call, 'x');
    return cast(call.graph, x, elementType(call.attrs.dtype as string));
  },
  Select: (call) => {
    const [condition, then, otherwise] = ['condition', 't', 'e'].map((name) =>
      input(call, name),
    ) as [Value, Value, Value];
    return elementwise(call.graph, 'Where', [condition, then, otherwise], then.edge.type);
  },
};

function square(graph: Graph, x: Value): Value {
  return {
    ...x,
    edge: graph.add('Mul', [x.edge, x.edge], { type: x.edge.type, shape: x.edge.shape }),
  };
}

/** The angle of (x, y) from the atan of its slope: ±π on the left, a right angle where x is 0. */
function atan2(graph: Graph, y: Value, x: Value): Value {
  const number = (value: number) => splat(graph.scalar('float32', value), []);
  const join = (op: string, ...operands: Value[]) => elementwise(graph, op, operands, 'float32');
  const is = (op: string, a: Value, b: Value) => elementwise(graph, op, [a, b], 'bool');
  const slope = unary(graph, 'Atan', join('Div', y, x));
  const turn = join('Where', is('Less', y, number(0)), number(-Math.PI), number(Math.PI));
  const onLeft = join('Where', is('Less', x, number(0)), join('Add', slope, turn), slope);
  const upright = join('Mul', unary(graph, 'Sign', y), number(Math.PI / 2));
  return join('Where', is('Equal', x, number(0)), upright, onLeft);
}
