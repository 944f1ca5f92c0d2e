import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Engine, NdArray, Program } from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { AttentionProjection, Model } from '../../src/models/model.ts';
import type { ObservedUpdate } from '../gradient-matching/observed-update.ts';
import { type ColumnSpace, columnSpace } from './column-space.ts';

/** Tokens tried per step of a program. */
const TOKENS_PER_STEP = 16;

/**
 * The space spanned by what a block's projection to queries, keys and values was multiplied with: the
 * column space of its gradient Xᵀ·∂L/∂Y, whose rank is the number of tokens at most (Petrov et al. 2024,
 * DAGER). Encrypted entries are completed to that rank.
 *
 * @param sweeps at most, to complete it where it is partly encrypted
 * @param start where to begin: what is thought to have been multiplied, [tokens, width], or at random
 * @returns undefined where the tokens span everything, or too little of the projection is scored
 */
export async function inputSpace(
  model: Model,
  { projection }: AttentionProjection,
  { gradient, scored }: ObservedUpdate,
  tokens: number,
  start: Float32Array | RandomStream,
  sweeps: number,
  signal: AbortSignal,
): Promise<ColumnSpace | undefined> {
  const entry = model.layout.entries.find(({ name }) => name === projection);
  if (!entry) return undefined;
  const [rows, columns] = entry.shape as readonly [number, number];
  if (tokens >= rows) return undefined;
  const part = (all: Float32Array | Uint8Array) =>
    all.subarray(entry.offset, entry.offset + entry.size);
  const matrix = {
    ...{ rows, columns, values: part(gradient) },
    known: part(scored) as Uint8Array,
  };
  const space = await columnSpace(matrix, tokens, start, sweeps, signal);
  // Without more coordinates than dimensions, everything lies in the space.
  return space && space.rows.length > tokens ? space : undefined;
}

/** What the projection is multiplied with for one text, [context, width]. */
export async function projectedRows(
  { model, engine }: { readonly model: Model; readonly engine: Engine },
  { inputs }: AttentionProjection,
  weights: Float32Array,
  text: Int32Array,
): Promise<Float32Array> {
  const program = await engine.compile({
    name: `${model.id}/projected-rows`,
    state: [],
    constants: model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
    perStep: [{ shape: [1, text.length], dtype: 'int32' }],
    step: ({ constants, perStep }) => ({
      state: [],
      outputs: [inputs(constants, perStep[0] as Tensor)],
    }),
  });
  try {
    const { outputs } = await program.run({
      ...{ steps: 1, state: [], constants: model.layout.split(weights) },
      perStep: [{ shape: [1, 1, text.length], data: text }],
    });
    return (outputs[0] as NdArray).data as Float32Array;
  } finally {
    program.dispose();
  }
}

/**
 * Asks how far tokens at their positions are from a space: ‖x − U Uᵀ x‖ / ‖x‖ of what the projection is
 * multiplied with, over the rows that the space is known at; 0 where the client's batch has this token
 * there.
 */
export class SpanTest {
  readonly #program: Program;
  readonly #size: { readonly batch: number; readonly context: number; readonly width: number };

  private constructor(program: Program, size: { batch: number; context: number; width: number }) {
    this.#program = program;
    this.#size = size;
  }

  /** @param batch texts tried per step */
  static async open(
    { model, engine }: { readonly model: Model; readonly engine: Engine },
    { projection, inputs }: AttentionProjection,
    rank: number,
    batch = TOKENS_PER_STEP,
  ): Promise<SpanTest> {
    const { entries } = model.layout;
    const [context] = model.inputShape as readonly [number];
    const [width] = model.layout.entry(projection).shape as readonly [number];
    const program = await engine.compile({
      name: `${model.id}/span-test`,
      state: [],
      constants: [
        ...entries.map(({ shape }) => ({ shape, dtype: 'float32' as const })),
        { shape: [width, rank], dtype: 'float32' },
        { shape: [width], dtype: 'float32' },
      ],
      perStep: [{ shape: [batch, context], dtype: 'int32' }],
      step({ constants, perStep }) {
        const [basis, known] = constants.slice(entries.length) as [Tensor2D, Tensor];
        const rows = tf.mul(
          inputs(constants.slice(0, entries.length), perStep[0] as Tensor),
          known,
        ) as Tensor2D;
        const inside = tf.matMul(tf.matMul(rows, basis), basis, false, true);
        const square = (of: Tensor) => tf.sum(tf.mul(of, of), 1);
        const share = tf.div(square(tf.sub(rows, inside)), square(rows));
        return { state: [], outputs: [tf.reshape(tf.sqrt(share), [batch, context])] };
      },
    });
    return new SpanTest(program, { batch, context, width });
  }

  /** Distances [texts, context] of every position of the texts. */
  async ofTexts(
    weights: readonly NdArray[],
    space: ColumnSpace,
    texts: readonly Int32Array[],
    signal: AbortSignal,
  ): Promise<Float32Array> {
    const { batch, context, width } = this.#size;
    const basis = new Float32Array(width * space.rank);
    const known = new Float32Array(width);
    space.rows.forEach((row, at) => {
      known[row] = 1;
      for (let k = 0; k < space.rank; k++)
        basis[row * space.rank + k] = space.basis[at * space.rank + k] as number;
    });
    const steps = Math.ceil(texts.length / batch);
    const padded = new Int32Array(steps * batch * context);
    texts.forEach((text, at) => {
      padded.set(text, at * context);
    });
    const { outputs } = await this.#program.run({
      ...{ steps, signal, state: [] },
      constants: [
        ...weights,
        { shape: [width, space.rank], data: basis },
        { shape: [width], data: known },
      ],
      perStep: [{ shape: [steps, batch, context], data: padded }],
    });
    const [distances] = outputs as [NdArray];
    return (distances.data as Float32Array).subarray(0, texts.length * context);
  }

  close(): void {
    this.#program.dispose();
  }
}
