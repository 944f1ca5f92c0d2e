import { type Edge, type Graph, liveNodes, type Node, type OutputType } from './graph.ts';
import { knownSplat, plain, sizeOf } from './value.ts';

/** Below, a pass over the matrix costs less than it is worth. */
const LARGE = 2 ** 16;

/**
 * w ± s·AB for a large matrix w and a number s, as a training step moves its weights, or its momentum
 * with s = 1, in one operation: the product is added to w while it is made, instead of being written,
 * scaled and read again. A known s becomes the product's factor; any other scales the smaller of A and B.
 *
 * @param nodes in topological order
 * @param ends what the nodes are there for
 */
export function fuseUpdates(
  graph: Graph,
  nodes: readonly Node[],
  ends: readonly Edge[],
): readonly Node[] {
  const uses = new Map<Edge, number>();
  for (const edge of [...nodes.flatMap(({ inputs }) => inputs), ...ends])
    uses.set(edge, (uses.get(edge) ?? 0) + 1);
  /** The operation that makes an edge, where only one other operation reads that. */
  const soleUse = (op: string, edge: Edge): Node | undefined => {
    const node = graph.producer(edge);
    return node?.op === op && uses.get(edge) === 1 ? node : undefined;
  };

  const written = new Set<Node>();
  const write = (node: Node) => void written.add(node);
  for (const node of nodes) {
    const update = readUpdate(node, soleUse);
    if (!update) {
      write(node);
      continue;
    }
    const { weights, product, factor, isSubtracted } = update;
    const known = factor ? knownSplat(plain(factor)) : 1;
    let inputs = product.inputs as readonly [Edge, Edge];
    if (factor && known === undefined) {
      const signed = isSubtracted ? graph.add('Neg', [factor], typeOf(factor)) : factor;
      const [a, b] = inputs;
      const [small, large] = sizeOf(a.shape) < sizeOf(b.shape) ? [a, b] : [b, a];
      const scaled = graph.add('Mul', [small, signed], typeOf(small));
      // Where the trace has the same operation further on, it moves here.
      for (const edge of [signed, scaled]) {
        const producer = graph.producer(edge);
        if (producer) write(producer);
      }
      inputs = small === a ? [scaled, large] : [large, scaled];
    }
    const alpha = known === undefined ? 1 : isSubtracted ? -known : known;
    write({
      ...node,
      op: 'Gemm',
      inputs: [...inputs, weights],
      attributes: { ...product.attributes, alpha: { float: alpha } },
    });
  }
  return liveNodes([...written], ends);
}

const typeOf = ({ type, shape }: Edge): OutputType => ({ type, shape });

interface Update {
  readonly weights: Edge;
  /** A·B, each transposed on demand. */
  readonly product: Node;
  /** s, one number; none for 1. */
  readonly factor: Edge | undefined;
  readonly isSubtracted: boolean;
}

/** A node as an update, if it is one. */
function readUpdate(
  { op, inputs, outputs }: Node,
  soleUse: (op: string, edge: Edge) => Node | undefined,
): Update | undefined {
  const [left, right] = inputs;
  if ((op !== 'Add' && op !== 'Sub') || !left || !right) return undefined;
  if (sizeOf((outputs[0] as Edge).shape) < LARGE) return undefined;
  const sides =
    op === 'Sub'
      ? [[left, right]]
      : [
          [left, right],
          [right, left],
        ];
  for (const [weights, moved] of sides as [Edge, Edge][]) {
    const factors = soleUse('Mul', moved)?.inputs ?? [];
    const factor = factors.find(({ shape }) => shape.length === 0);
    const matrix = factor ? factors.find((edge) => edge !== factor) : moved;
    const product = matrix && soleUse('Gemm', matrix);
    if (product?.inputs.length !== 2) continue;
    if (`${weights.shape}` === `${product.outputs[0]?.shape}`)
      return { weights, product, factor, isSubtracted: op === 'Sub' };
  }
  return undefined;
}
