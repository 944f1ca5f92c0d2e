import type { engine, Tensor } from '@tensorflow/tfjs-core';

interface TapeNode {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
}

/** The private part of tfjs's engine that the correction needs. */
interface Taping {
  state: { activeTape: TapeNode[] };
  addTapeNode(...args: unknown[]): void;
}

const ordered = new WeakSet<Taping>();

/**
 * Corrects higher-order derivatives of ops that save their outputs (sigmoid, tanh, exp, softmax …).
 *
 * tfjs clones an op's saved outputs while the op runs, so the clones' nodes enter the tape before
 * the op's own node. The backward pass walks the tape from its end: it meets the op first, with the
 * gradient through the clones still missing, and that path is lost. First derivatives never walk
 * through the clones and come out right; second derivatives are silently wrong.
 */
export function orderTape(engineOfTensors: ReturnType<typeof engine>): void {
  const taping = engineOfTensors as unknown as Taping;
  if (ordered.has(taping)) return;
  ordered.add(taping);
  const addTapeNode = taping.addTapeNode;
  taping.addTapeNode = function (this: Taping, ...args) {
    addTapeNode.apply(this, args);
    moveLastBeforeItsReaders(this.state.activeTape);
  };
}

/** Moves the node added last in front of the nodes, right before it, that read its outputs. */
function moveLastBeforeItsReaders(tape: TapeNode[]): void {
  const node = tape.at(-1);
  if (!node) return;
  let at = tape.length - 1;
  while (at > 0 && reads(tape[at - 1], node.outputs)) at--;
  tape.copyWithin(at + 1, at, tape.length - 1);
  tape[at] = node;
}

function reads(node: TapeNode | undefined, outputs: readonly Tensor[]): boolean {
  if (!node) return false;
  for (const name of Object.keys(node.inputs))
    for (const { id } of outputs) if (node.inputs[name]?.id === id) return true;
  return false;
}
