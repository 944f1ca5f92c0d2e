import { fuseUpdates } from './fuse-updates.ts';
import { type Edge, liveNodes, type Node } from './graph.ts';
import { finalName, outputName, STEP_COUNT } from './loop-names.ts';
import { type OnnxNode, type OnnxTensorType, writeModel } from './onnx-writer.ts';
import type { Trace } from './trace.ts';

/** A model that runs the steps of a program. */
export interface LoopModel {
  readonly bytes: Uint8Array;
  /** Operations in one step. */
  readonly stepNodes: number;
  /** Inputs that some operation reads; the others must not be passed. */
  readonly inputs: ReadonlySet<string>;
}

const STEPS_AXIS = 'K';

/**
 * One model that runs K steps in an ONNX Loop (ONNX operator specification, Loop-21). The state is
 * carried inside; constants and what depends on nothing else stand outside and are computed once;
 * each step's outputs are stacked by the loop. Yields some milliseconds at a time.
 */
export function* writeLoop(trace: Trace): Generator<void, LoopModel> {
  const { graph } = trace;
  const ends = [...trace.nextState, ...trace.outputs];
  const live = liveNodes(graph.nodes, ends);
  yield;
  const nodes = fuseUpdates(graph, live, ends);
  yield;
  const used = new Set([...ends, ...nodes.flatMap((node) => node.inputs)].map(({ name }) => name));
  const inside = nodes.filter((node) => node.varies);
  const outside = nodes.filter((node) => !node.varies);

  const named = new Set(inside.flatMap((node) => node.outputs.map((edge) => edge.name)));
  const bodyNodes = inside.map((node) => toOnnx(node, used));
  // A body yields what it computes, once: anything else goes through an Identity.
  const yields = ends.map((edge, at) => {
    if (named.delete(edge.name)) return edge.name;
    const name = `yield_${at}`;
    bodyNodes.push(simpleNode('Identity', [edge.name], [name]));
    return name;
  });
  bodyNodes.push(simpleNode('Identity', ['going'], ['go_on']));
  yield;

  const typed = (name: string, edge: Edge): OnnxTensorType => ({
    name,
    type: edge.type,
    shape: edge.shape,
  });
  const initial = (edge: Edge) => `initial_${edge.name}`;
  const loop: OnnxNode = {
    ...simpleNode(
      'Loop',
      [STEP_COUNT, '', ...trace.state.map(initial)],
      [
        ...trace.nextState.map((_, at) => finalName(at)),
        ...trace.outputs.map((_, at) => outputName(at)),
      ],
    ),
    body: {
      name: 'body',
      inputs: [
        { name: trace.counter.name, type: 'int64', shape: [] },
        { name: 'going', type: 'bool', shape: [] },
        ...trace.state.map((edge) => typed(edge.name, edge)),
      ],
      initializers: [],
      nodes: bodyNodes,
      outputs: [
        { name: 'go_on', type: 'bool', shape: [] },
        ...ends.map((edge, at) => typed(yields[at] as string, edge)),
      ],
    },
  };

  const constants = trace.constants.filter((edge) => used.has(edge.name));
  const perStep = trace.perStep.filter((edge) => used.has(edge.name));
  const inputs: OnnxTensorType[] = [
    { name: STEP_COUNT, type: 'int64', shape: [] },
    ...trace.state.map((edge) => typed(initial(edge), edge)),
    ...constants.map((edge) => typed(edge.name, edge)),
    ...perStep.map((edge) => ({
      ...typed(edge.name, edge),
      shape: [STEPS_AXIS, ...edge.shape.slice(1)],
    })),
  ];
  const bytes = yield* writeModel({
    name: 'program',
    inputs,
    initializers: graph.constants
      .filter((edge) => used.has(edge.name))
      .map(({ name, type, shape, constant: data }) => ({ name, type, shape, data })),
    nodes: [...outside.map((node) => toOnnx(node, used)), loop],
    outputs: [
      ...trace.nextState.map((edge, at) => typed(finalName(at), edge)),
      ...trace.outputs.map((edge, at) => ({
        ...typed(outputName(at), edge),
        shape: [STEPS_AXIS, ...edge.shape],
      })),
    ],
  });
  return { bytes, stepNodes: bodyNodes.length, inputs: new Set(inputs.map(({ name }) => name)) };
}

function toOnnx(node: Node, used: ReadonlySet<string>): OnnxNode {
  const { op, domain, attributes } = node;
  const isLeftOut = (name: string) => !used.has(name) && !needsAllOutputs.has(op);
  const outputs = node.outputs.map(({ name }) => (isLeftOut(name) ? '' : name));
  while (outputs.at(-1) === '') outputs.pop();
  return { op, domain, attributes, inputs: node.inputs.map((edge) => edge.name), outputs };
}

/** Operators none of whose outputs is optional. */
const needsAllOutputs: ReadonlySet<string> = new Set(['TopK']);

function simpleNode(op: string, inputs: string[], outputs: string[]): OnnxNode {
  return { op, domain: '', inputs, outputs, attributes: {} };
}
