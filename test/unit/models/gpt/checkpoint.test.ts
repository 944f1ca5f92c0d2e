import { expect, test } from 'vitest';
import { randomStream } from '../../../../src/engine/random.ts';
import { gptParameters } from '../../../../src/models/gpt/checkpoint.ts';
import { gpt } from '../../../../src/models/gpt/gpt.ts';
import type { GptHead } from '../../../../src/models/gpt/layout.ts';
import type { Model } from '../../../../src/models/model.ts';
import { decodeSafetensors } from '../../../../src/models/safetensors.ts';
import { type Written, writeSafetensors } from '../write-safetensors.ts';

const tiny = (head: GptHead) =>
  gpt({
    ...{ blocks: 2, heads: 2, width: 4, context: 3, vocabulary: 5 },
    ...{ id: `tiny-${head}`, title: '', head },
  });
const float = (shape: readonly number[], values: Float32Array): Written => ({
  ...{ dtype: 'F32', shape },
  bytes: Buffer.from(Float32Array.from(values).buffer),
});

/** A model's parameters under Hugging Face's names, in another order than the layout's. */
function written(model: Model, flat: Float32Array): Record<string, Written> {
  return Object.fromEntries(
    model.layout.entries
      .map(({ name, shape, offset, size }) => [
        name,
        float(shape, flat.subarray(offset, offset + size)),
      ])
      .reverse(),
  );
}
const read = (model: Model, tensors: Record<string, Written>) =>
  gptParameters(model, decodeSafetensors(writeSafetensors(tensors), 'model.safetensors'), 'it');

const tied = tiny('tied');
const flat = tied.initialize(randomStream(1)).map((value, at) => value + at / 1000);
const tensors = written(tied, flat);
const embeddings = tensors['transformer.wte.weight'] as Written;

test.each(['tied', 'untied', 'duplicated'] as const)('a %s checkpoint comes back', (head) => {
  const model = tiny(head);
  const own = model.initialize(randomStream(2));
  expect(read(model, written(model, own))).toEqual(own);
});

test("the base model's names, without a prefix and with stored masks, are read too", () => {
  const bare = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name.replace('transformer.', ''), tensor]),
  );
  const mask = { dtype: 'BOOL', shape: [1, 1, 3, 3], bytes: Buffer.alloc(9) };
  expect(read(tied, { ...bare, 'h.0.attn.bias': mask })).toEqual(flat);
});

test('a stored head of a tied model is the embeddings; a copy is made from them', () => {
  expect(read(tied, { ...tensors, 'lm_head.weight': embeddings })).toEqual(flat);
  const other = float([5, 4], new Float32Array(20).fill(1));
  expect(() => read(tied, { ...tensors, 'lm_head.weight': other })).toThrow(
    /"lm_head.weight" is not its embeddings/,
  );
  const duplicated = tiny('duplicated');
  expect(read(duplicated, tensors)).toEqual(
    Float32Array.of(...flat, ...flat.subarray(0, embeddings.bytes.length / 4)),
  );
});

test('what is missing, of another shape, unknown or no number is named', () => {
  const name = 'transformer.h.1.mlp.c_fc.bias';
  const { [name]: bias, ...without } = tensors;
  expect(() => read(tied, without)).toThrow(/^it holds no parameters of tiny-tied: it has no "/);
  expect(() => read(tied, without)).toThrow(name);
  expect(() => read(tiny('untied'), tensors)).toThrow(/it has no "lm_head.weight"/);
  const reshaped = { ...(bias as Written), shape: [4, 4] };
  expect(() => read(tied, { ...tensors, [name]: reshaped })).toThrow(/shape \[4, 4\], not \[16\]/);
  expect(() => read(tied, { ...tensors, extra: embeddings })).toThrow(
    /"transformer.extra" besides/,
  );
  const broken = float([16], new Float32Array(16).fill(Number.NaN));
  expect(() => read(tied, { ...tensors, [name]: broken })).toThrow(/values that are not finite/);
});
