import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProgramDefinition, StepArguments, StepResult, TensorSpec } from '../program.ts';
import { checkStep } from '../program-checks.ts';
import { FailedCall, RefusedCall } from './backend.ts';
import { calledOperation, callerLine, ImpureStep, UntraceableOperation } from './errors.ts';
import type { Edge, Graph } from './graph.ts';
import { Recording } from './recording.ts';
import { dense, plain, reshape, reshapeEdge, sizeOf, type Value } from './value.ts';

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
 * Runs the step with symbolic tensors and returns what it computes; yields some dozen milliseconds at a
 * time.
 *
 * @throws {UntraceableOperation} an operation that this engine doesn't know.
 * @throws {ImpureStep} a step that reads numbers, draws random ones or closes over tensors.
 * @throws {TypeError} a step whose next state doesn't fit its state, or with shapes that don't fit.
 */
export function* traceStep(definition: ProgramDefinition): Generator<void, Trace> {
  try {
    const recording = new Recording();
    const { args, ...inputs } = takeInputs(definition, recording);
    for (;;) {
      const recorded = withoutRandomNumbers(() => recording.advance(() => definition.step(args)));
      if (recorded) return { ...inputs, ...results(definition, recorded.result, recording) };
      yield;
    }
  } catch (error) {
    throw explained(definition.name, error);
  }
}

function takeInputs(definition: ProgramDefinition, recording: Recording) {
  const { graph } = recording.backend;
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
  const tensors = (edges: readonly Edge[]) =>
    edges.map((edge) => recording.tensor(recording.backend.hold(squeezed(graph, edge))));
  const args: StepArguments = {
    state: tensors(state),
    constants: tensors(constants),
    perStep: tensors(slices),
  };
  return { graph, counter, state, constants, perStep, args };
}

function results(definition: ProgramDefinition, next: StepResult, { backend }: Recording) {
  checkStep(definition, next);
  const laidOut = (tensor: Tensor) => dense(backend.graph, backend.symbolOf(tensor, 'the result'));
  return { nextState: next.state.map(laidOut), outputs: next.outputs.map(laidOut) };
}

/**
 * An edge without its axes of length one, where the last is one: the runtime combines such a tensor with
 * a number one element at a time, ten times slower (measured).
 */
function squeezed(graph: Graph, edge: Edge): Value {
  if (edge.shape.at(-1) !== 1 || sizeOf(edge.shape) === 1) return plain(edge);
  return reshape(
    graph,
    plain(
      reshapeEdge(
        graph,
        edge,
        edge.shape.filter((length) => length !== 1),
      ),
    ),
    edge.shape,
  );
}

const DRAWING = 'Math.random';

/** A draw is named after the tfjs operation it was made for. */
const nameOf = ({ operation, stack }: RefusedCall): string =>
  operation === DRAWING ? (calledOperation(stack) ?? DRAWING) : operation;

/** Long enough to reach the step through tfjs's gradient code. */
const STACK_DEPTH = 80;

/** Random numbers would be drawn once and baked in: every draw throws, with a long stack. */
function withoutRandomNumbers<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  const { random } = Math;
  Error.stackTraceLimit = STACK_DEPTH;
  Math.random = () => {
    throw new RefusedCall(DRAWING, 'it draws random numbers; pass noise as an argument', true);
  };
  try {
    return work();
  } finally {
    Math.random = random;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The error with the name of the program, the operation and the line of the step. */
function explained(program: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const at = callerLine(error.stack);
  if (error instanceof RefusedCall)
    return error.isImpure
      ? new ImpureStep(program, nameOf(error), error.message, at)
      : new UntraceableOperation(program, error.operation, error.message, at);
  if (error instanceof FailedCall)
    return new TypeError(
      `The step of ${program} calls an operation wrongly: ${error.message} (operation ${error.operation}${at}).`,
      { cause: error.cause },
    );
  return error;
}
