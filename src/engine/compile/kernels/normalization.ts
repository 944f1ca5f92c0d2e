import { splat, type Value } from '../value.ts';
import { elementwise, unary } from './elementwise.ts';
import { input, type KernelTable } from './kernel.ts';

export const normalizationKernels: KernelTable = {
  /** (x − mean) · scale / √(variance + ε) + offset, per channel; scale and offset may be missing. */
  FusedBatchNorm: (call) => {
    const { graph, attrs, inputs } = call;
    const join = (op: string, a: Value, b: Value) => elementwise(graph, op, [a, b], 'float32');
    const epsilon = splat(graph.scalar('float32', attrs.varianceEpsilon as number), []);
    const deviation = unary(graph, 'Sqrt', join('Add', input(call, 'variance'), epsilon));
    const one = splat(graph.scalar('float32', 1), []);
    const slope = join('Div', inputs.scale ?? one, deviation);
    const scaled = join('Mul', join('Sub', input(call, 'x'), input(call, 'mean')), slope);
    return inputs.offset ? join('Add', scaled, inputs.offset) : scaled;
  },
};
