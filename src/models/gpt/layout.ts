import { type ParameterEntry, ParameterLayout } from '../layout.ts';

/** Sizes of a GPT-2. */
export interface GptSize {
  /** Number of blocks. */
  readonly blocks: number;
  readonly heads: number;
  /** Length of a hidden state; a multiple of `heads`. */
  readonly width: number;
  /** Tokens that the model can look back on. */
  readonly context: number;
  /** Number of different tokens. */
  readonly vocabulary: number;
}

/**
 * How the last hidden state becomes logits.
 *
 * - `tied`: by the token embeddings, which are one tensor of the exchanged vector.
 * - `untied`: by a tensor of its own, `lm_head.weight`, trained on its own.
 * - `duplicated`: by the token embeddings, of which the exchanged vector has a second copy under the
 *   name `lm_head.weight`. That is PyTorch's state dictionary of a tied model; a gradient by named
 *   parameters has no such tensor, so that masks which follow gradients leave the copy in plaintext.
 */
export type GptHead = 'tied' | 'untied' | 'duplicated';

/** The parameters of a GPT-2, named and ordered as Hugging Face's `GPT2LMHeadModel`. */
export function gptLayout(size: GptSize, head: GptHead): ParameterLayout {
  const { blocks, width, context, vocabulary } = size;
  const layers: (readonly NamedTensor[])[] = [
    [{ name: 'transformer.wte.weight', shape: [vocabulary, width], kind: 'weight' }],
    [{ name: 'transformer.wpe.weight', shape: [context, width], kind: 'weight' }],
  ];
  for (let block = 0; block < blocks; block++) {
    const name = `transformer.h.${block}`;
    layers.push(
      weightAndBias(`${name}.ln_1`, [width]),
      weightAndBias(`${name}.attn.c_attn`, [width, 3 * width]),
      weightAndBias(`${name}.attn.c_proj`, [width, width]),
      weightAndBias(`${name}.ln_2`, [width]),
      weightAndBias(`${name}.mlp.c_fc`, [width, 4 * width]),
      weightAndBias(`${name}.mlp.c_proj`, [4 * width, width]),
    );
  }
  layers.push(weightAndBias('transformer.ln_f', [width]));
  if (head !== 'tied')
    layers.push([
      {
        name: 'lm_head.weight',
        shape: [vocabulary, width],
        kind: head === 'untied' ? 'weight' : 'buffer',
      },
    ]);
  return new ParameterLayout(
    layers.flatMap((tensors, layer) => tensors.map((tensor) => ({ ...tensor, layer }))),
  );
}

type NamedTensor = Pick<ParameterEntry, 'name' | 'shape' | 'kind'>;

function weightAndBias(name: string, shape: readonly number[]): NamedTensor[] {
  return [
    { name: `${name}.weight`, shape, kind: 'weight' },
    { name: `${name}.bias`, shape: shape.slice(-1), kind: 'bias' },
  ];
}
