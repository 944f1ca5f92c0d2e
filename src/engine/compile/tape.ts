import { add, type Tensor } from '@tensorflow/tfjs-core';
import { FailedCall } from './backend.ts';

/** What a gradient function of tfjs returns: per input name, its gradient on demand. */
type InputGradients = Record<string, () => Tensor>;

/** One operation, as the chain rule needs it. */
export interface TapeNode {
  readonly operation: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  /** From the outputs' gradients to the inputs'; none where tfjs knows none. */
  readonly gradient?: (outputs: Tensor[]) => InputGradients;
}

/** Gradients by the tensor's number. */
export type Gradients = Map<number, Tensor>;

/**
 * The operations on the way from xs to y, in the order of the tape, with only those inputs that depend
 * on xs.
 */
export function between(
  tape: readonly TapeNode[],
  xs: readonly Tensor[],
  y: Tensor,
): readonly TapeNode[] {
  const dependent = new Set(xs.map(({ id }) => id));
  const reached: TapeNode[] = [];
  for (const node of tape) {
    const names = Object.keys(node.inputs);
    const varying = names.filter((name) => dependent.has(node.inputs[name]?.id as number));
    if (varying.length === 0) continue;
    for (const { id } of node.outputs) dependent.add(id);
    const inputs = Object.fromEntries(varying.map((name) => [name, node.inputs[name] as Tensor]));
    reached.push(varying.length === names.length ? node : { ...node, inputs });
  }
  const needed = new Set([y.id]);
  return reached
    .reverse()
    .filter(({ inputs, outputs }) => {
      if (!outputs.some(({ id }) => needed.has(id))) return false;
      for (const name of Object.keys(inputs)) needed.add((inputs[name] as Tensor).id);
      return true;
    })
    .reverse();
}

/**
 * What one operation adds to the gradients of its inputs.
 *
 * @returns the new sums; `known` stays as it is.
 * @throws {FailedCall} where tfjs has no gradient for the operation, or a wrong one.
 */
export function propagate(
  { operation, inputs, outputs, gradient }: TapeNode,
  known: Gradients,
  zerosLike: (output: Tensor) => Tensor,
): Gradients {
  if (!gradient) throw failed(operation, 'tfjs knows no gradient of it');
  const slopes = gradient(outputs.map((output) => known.get(output.id) ?? zerosLike(output)));
  const sums: Gradients = new Map();
  for (const name of Object.keys(inputs)) {
    const { id, shape } = inputs[name] as Tensor;
    const slope = slopes[name]?.();
    if (!slope) throw failed(operation, `tfjs knows no gradient of it in ${name}`);
    if (slope.dtype !== 'float32' || `${slope.shape}` !== `${shape}`)
      throw failed(
        operation,
        `its gradient in ${name}, a tensor [${shape}], is ${slope.dtype} [${slope.shape}]`,
      );
    const sum = sums.get(id) ?? known.get(id);
    sums.set(id, sum ? add(sum, slope) : slope);
  }
  return sums;
}

const failed = (operation: string, reason: string) =>
  new FailedCall(operation, new TypeError(reason));
