import type { Attributes, ElementData, ElementType } from './onnx-writer.ts';

/** A tensor of the recorded graph, in the layout in which it lies in memory. */
export interface Edge {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Whether it can differ from step to step; what does not is computed once, before the loop. */
  readonly varies: boolean;
  /** Its numbers, where they are known while tracing. */
  readonly constant?: ElementData;
}

/** One recorded operation. */
export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly Edge[];
  readonly attributes: Attributes;
  readonly outputs: readonly Edge[];
  readonly varies: boolean;
}

export interface OutputType {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/**
 * The operations of one step in the order of their recording, which is a topological order. The
 * same operation on the same operands is recorded once.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly #producers = new Map<Edge, Node>();
  readonly #known = new Map<string, readonly Edge[]>();
  readonly #constants = new Map<string, Edge & { readonly constant: ElementData }>();
  /** Vectors of shape numbers, of which a graph has a few in thousands of places. */
  readonly #vectors = new Map<string, Edge>();
  readonly #scalars = new Map<string, Edge>();
  #names = 0;

  get constants(): (Edge & { readonly constant: ElementData })[] {
    return [...this.#constants.values()];
  }

  /** A tensor that comes from outside. */
  input(name: string, type: ElementType, shape: readonly number[], varies: boolean): Edge {
    return { name, type, shape, varies };
  }

  constant(type: ElementType, shape: readonly number[], data: ElementData): Edge {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const key = `${type} ${shape} ${bytes.toString('latin1')}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const edge = { name: this.#name('c'), type, shape, varies: false, constant: data };
    this.#constants.set(key, edge);
    return edge;
  }

  scalar(type: 'float32' | 'int32', value: number): Edge {
    const key = `${type} ${Object.is(value, -0) ? '-0' : value}`;
    const known = this.#scalars.get(key);
    if (known) return known;
    const data = type === 'float32' ? Float32Array.of(value) : Int32Array.of(value);
    const edge = this.constant(type, [], data);
    this.#scalars.set(key, edge);
    return edge;
  }

  /** A vector of shape numbers or axes, which ONNX wants as int64. */
  int64(values: readonly number[]): Edge {
    const key = values.join();
    const known = this.#vectors.get(key);
    if (known) return known;
    const edge = this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
    this.#vectors.set(key, edge);
    return edge;
  }

  add(
    op: string,
    inputs: readonly Edge[],
    output: OutputType,
    attributes: Attributes = NO_ATTRIBUTES,
    domain = '',
  ): Edge {
    return this.addMany(op, inputs, [output], attributes, domain)[0] as Edge;
  }

  addMany(
    op: string,
    inputs: readonly Edge[],
    outputs: readonly OutputType[],
    attributes: Attributes = NO_ATTRIBUTES,
    domain = '',
  ): readonly Edge[] {
    const key = keyOf(op, inputs, outputs.length, attributes, domain);
    const known = this.#known.get(key);
    if (known) return known;
    const varies = inputs.some((edge) => edge.varies);
    const edges = outputs.map(({ type, shape }) => ({
      name: this.#name('v'),
      type,
      shape,
      varies,
    }));
    const node = { op, domain, inputs, attributes, outputs: edges, varies };
    this.nodes.push(node);
    for (const edge of edges) this.#producers.set(edge, node);
    this.#known.set(key, edges);
    return edges;
  }

  /** The operation that computes an edge; none for inputs and constants. */
  producer(edge: Edge): Node | undefined {
    return this.#producers.get(edge);
  }

  /** Names nothing outside this graph uses: inputs carry words, these a letter and a number. */
  #name(letter: string): string {
    return `${letter}${this.#names++}`;
  }
}

const NO_ATTRIBUTES: Attributes = {};

/**
 * The same for operations that compute the same. What they are and read says what shapes come out; only
 * how many outputs are asked for can differ.
 */
function keyOf(
  op: string,
  inputs: readonly Edge[],
  outputs: number,
  attributes: Attributes,
  domain: string,
): string {
  let key = `${domain} ${op} ${outputs}`;
  for (const { name } of inputs) key += ` ${name}`;
  return attributes === NO_ATTRIBUTES ? key : `${key} ${JSON.stringify(attributes)}`;
}

/** Those of the nodes, in topological order, that `outputs` depend on; in the same order. */
export function liveNodes(nodes: readonly Node[], outputs: readonly Edge[]): Node[] {
  const used = new Set(outputs);
  const live = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((edge) => used.has(edge))) return false;
    for (const input of node.inputs) used.add(input);
    return true;
  });
  return live.reverse();
}
