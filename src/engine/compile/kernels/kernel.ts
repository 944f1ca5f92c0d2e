import type { Graph } from '../graph.ts';
import { range, type Value } from '../value.ts';

/** One call of a tfjs kernel while tracing. */
export interface KernelCall {
  readonly graph: Graph;
  /** By tfjs's input name; by number ('0', '1', …) where the kernel takes a list. */
  readonly inputs: Readonly<Record<string, Value>>;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** Records what a tfjs kernel computes and returns its symbolic results. */
export type Kernel = (call: KernelCall) => Value | readonly Value[];

export type KernelTable = Readonly<Record<string, Kernel>>;

/** A call that this engine cannot record, although it knows the kernel. */
export class UnsupportedCall extends Error {}

/** @throws {UnsupportedCall} when the kernel is called without that input. */
export function input(call: KernelCall, name: string): Value {
  const value = call.inputs[name];
  if (!value) throw new UnsupportedCall(`the input ${name} is missing`);
  return value;
}

/** The inputs of a kernel that takes a list. */
export const inputList = (call: KernelCall): Value[] =>
  Object.keys(call.inputs)
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => call.inputs[key] as Value);

/** Axes as tfjs gives them (one or several, negative from the end), normalised and sorted. */
export function axesOf(axis: unknown, rank: number): number[] {
  const list = axis === undefined || axis === null ? range(rank) : [axis].flat();
  return (list as number[]).map((item) => (item < 0 ? item + rank : item)).sort((a, b) => a - b);
}
