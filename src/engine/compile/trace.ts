import { engine, getBackend, setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { ProgramDefinition, TensorSpec } from '../program.ts';
import { RefusedCall, TRACING_BACKEND, tracingBackend } from './backend.ts';
import { callerLine, ImpureStep, UntraceableOperation } from './errors.ts';
import type { Edge, Graph } from './graph.ts';
import { cast } from './kernels/elementwise.ts';
import { dense, plain, type Value } from './value.ts';

/** A step as a graph, from the loop's inputs to its outputs. */
export interface Trace {
  readonly graph: Graph;
  /** The number of the step inside one run. */
  readonly counter: Edge;
  readonly state: readonly Edge[];
  readonly constants: readonly Edge[];
  /** All steps' values, with a leading step axis. */
  readonly perStep: readonly Edge[];
  readonly nextState: readonly Edge[];
  readonly outputs: readonly Edge[];
}

/** Stands for the number of steps in a shape; the value never enters a computation. */
export const STEPS = 0;

/**
 * Runs the step once with symbolic tensors and returns what it computes.
 *
 * @throws {UntraceableOperation} an operation that this engine doesn't know.
 * @throws {ImpureStep} a step that reads numbers, draws random ones or closes over tensors.
 * @throws {TypeError} a step whose next state doesn't fit its state.
 */
export function traceStep(definition: ProgramDefinition): Trace {
  const backend = tracingBackend();
  const graph = backend.start();
  const inputs = (kind: string, specs: readonly TensorSpec[], varies: boolean) =>
    specs.map(({ shape, dtype }, at) => graph.input(`${kind}_${at}`, dtype, shape, varies));
  const counter = graph.input('step', 'int64', [], true);
  const state = inputs('state', definition.state, true);
  const constants = inputs('constant', definition.constants, false);
  const perStep = definition.perStep.map(({ shape, dtype }, at) =>
    graph.input(`per_step_${at}`, dtype, [STEPS, ...shape], false),
  );
  const slices = perStep.map((edge) => {
    const output = { type: edge.type, shape: edge.shape.slice(1) };
    return graph.add('Gather', [edge, counter], output, { axis: 0 });
  });

  return onTracingBackend(definition.name, () => {
    const tensors = (edges: readonly Edge[]) =>
      edges.map((edge) => engine().makeTensorFromTensorInfo(backend.hold(plain(edge))));
    const next = definition.step({
      state: tensors(state),
      constants: tensors(constants),
      perStep: tensors(slices),
    });
    const symbolOf = (tensor: Tensor) => backend.symbolOf(tensor, 'the result');
    const nextState = next.state.map(symbolOf);
    requireState(definition, nextState);
    return {
      graph,
      counter,
      state,
      constants,
      perStep,
      nextState: nextState.map((value) => dense(graph, value)),
      outputs: next.outputs.map((tensor) => dense(graph, numbers(graph, symbolOf(tensor)))),
    };
  });
}

/** Booleans leave a program as 0 and 1. */
const numbers = (graph: Graph, value: Value): Value =>
  value.edge.type === 'bool' ? cast(graph, value, 'int32') : value;

function requireState(definition: ProgramDefinition, next: readonly Value[]): void {
  const show = (type: string, shape: readonly number[]) => `${type} [${shape.join(', ')}]`;
  if (next.length !== definition.state.length)
    throw new TypeError(
      `The step of ${definition.name} returns ${next.length} state tensors; its state has ${definition.state.length}.`,
    );
  next.forEach(({ edge, shape }, at) => {
    const spec = definition.state[at] as TensorSpec;
    const [got, wanted] = [show(edge.type, shape), show(spec.dtype, spec.shape)];
    if (got !== wanted)
      throw new TypeError(
        `The step of ${definition.name} returns state ${at} as ${got}; it went in as ${wanted}.`,
      );
  });
}

/** Long enough to reach the step through tfjs's gradient code. */
const STACK_DEPTH = 80;

function onTracingBackend<T extends object>(program: string, trace: () => T): T {
  const before = getBackend() as string | undefined;
  const { stackTraceLimit } = Error;
  const { random } = Math;
  let result: T | undefined;
  try {
    // Changing between started backends is synchronous, whatever its signature says.
    void setBackend(TRACING_BACKEND);
    Error.stackTraceLimit = STACK_DEPTH;
    Math.random = () => {
      throw new RefusedCall('random', 'it draws random numbers; pass noise as an argument', true);
    };
    tidy(() => {
      result = trace();
    });
    return result as unknown as T;
  } catch (error) {
    throw explained(program, error);
  } finally {
    Math.random = random;
    Error.stackTraceLimit = stackTraceLimit;
    if (before) void setBackend(before);
  }
}

/** The error with the name of the program, the operation and the line of the step. */
function explained(program: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const at = callerLine(error.stack);
  if (error instanceof RefusedCall)
    return error.isImpure
      ? new ImpureStep(program, error.message, at)
      : new UntraceableOperation(program, error.operation, error.message, at);
  const unknownKernel = /Cannot find registered kernel '(\w+)'/.exec(error.message)?.[1];
  if (unknownKernel)
    return new UntraceableOperation(
      program,
      unknownKernel,
      'the compiled engine has no kernel for it',
      at,
    );
  return error;
}
