import { beforeAll, expect, test } from 'vitest';
import { selectMask } from '../../../../defenses/maskcrypt/mask-selection.ts';
import { openEngine } from '../../../../src/engine/choose.ts';
import type { Engine } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { localTraining } from '../../../../src/federation/local-training.ts';
import { gpt } from '../../../../src/models/gpt/gpt.ts';
import type { GptHead } from '../../../../src/models/gpt/layout.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

const random = randomStream(1, 'duplicated-head');
const tokens = (count: number) => Array.from({ length: count }, () => random.integer(23));
const samples = {
  ...{ count: 6, inputShape: [7] },
  ...{ inputs: Float32Array.from(tokens(42)), labels: Int32Array.from(tokens(6)) },
};

/** Share of the embeddings' encrypted values that stand in plaintext elsewhere in the upload. */
async function exposedEmbeddings(head: GptHead): Promise<number> {
  const model = gpt({
    ...{ blocks: 1, heads: 2, width: 16, context: 7, vocabulary: 23 },
    ...{ id: `exposed-${head}`, title: '', head },
  });
  const start = model.initialize(randomStream(2));
  const training = localTraining(engine, model, 3);
  const trained = await training.train({
    ...{ start, samples, epochs: 2, learningRate: 0.2 },
    random: randomStream(3),
    signal: new AbortController().signal,
  });
  // MaskCrypt's own choice at ρ = .2.
  const gradient = await training.gradient(trained, samples);
  const mask = new Set(selectMask(gradient, start, trained, Math.round(0.2 * model.layout.size)));
  const plaintext = new Set(trained.filter((_, at) => !mask.has(at)));
  const { size } = model.layout.entry('transformer.wte.weight');
  const encrypted = [...mask].filter((at) => at < size);
  expect(encrypted.length).toBeGreaterThan(20);
  return encrypted.filter((at) => plaintext.has(trained[at] as number)).length / encrypted.length;
}

test('what MaskCrypt encrypts of the embeddings stands in plaintext in their copy, and nowhere in a tied model', async () => {
  expect(await exposedEmbeddings('duplicated')).toBe(1);
  expect(await exposedEmbeddings('tied')).toBe(0);
  expect(await exposedEmbeddings('untied')).toBe(0);
});
