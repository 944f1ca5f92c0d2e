import type { LabelledSamples } from '../../../src/data/dataset.ts';
import { takeSamples } from '../../../src/data/samples.ts';
import { syntheticShakespeare } from '../../../src/data/text/synthetic-shakespeare.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import { gpt } from '../../../src/models/gpt/gpt.ts';
import type { GptHead } from '../../../src/models/gpt/layout.ts';
import type { Model } from '../../../src/models/model.ts';
import type { AuxiliaryKnowledge } from '../../../src/view/auxiliary.ts';
import { engine } from './setting.ts';

/** Sequences of the stand-in for Tiny-Shakespeare. */
export const { train: sequences } = await syntheticShakespeare.load({ limit: 600, testLimit: 1 });

/** `count` sequences from `first` on. */
export function takeSequences(first: number, count: number): LabelledSamples {
  return takeSamples(
    sequences,
    Uint32Array.from({ length: count }, (_, at) => first + at),
  );
}

/** The first `context` tokens of sequences, with the one that follows as their label. */
export function beginnings(
  { count, inputs, labels }: LabelledSamples,
  context: number,
): LabelledSamples {
  const length = inputs.length / count;
  if (context >= length) return { count, inputShape: [length], inputs, labels };
  const rows = Array.from({ length: count }, (_, at) => inputs.subarray(at * length));
  return {
    count,
    inputShape: [context],
    inputs: Float32Array.from(rows.flatMap((row) => [...row.subarray(0, context)])),
    labels: Int32Array.from(rows, (row) => row[context] as number),
  };
}

/** A GPT of those characters, small enough for a test. */
export const smallGpt = (head: GptHead): Model =>
  gpt({
    ...{ blocks: 1, heads: 2, width: 16, context: 64, vocabulary: 65 },
    ...{ id: `small-gpt-${head}`, title: '', head },
  });

/** What a client does. */
export function trainOnText(
  model: Model,
  start: Float32Array,
  samples: LabelledSamples,
  settings: { readonly epochs: number; readonly learningRate: number; readonly batchSize: number },
): Promise<Float32Array> {
  const { epochs, learningRate, batchSize } = settings;
  return localTraining(engine, model, batchSize).train({
    ...{ start, samples, epochs, learningRate },
    random: randomStream(1, 'training'),
    signal: new AbortController().signal,
  });
}

/** What the attacker has besides: sequences of its own, and the given questions. */
export function textKnowledge(
  questions: Partial<Pick<AuxiliaryKnowledge, 'membership' | 'reconstruction'>>,
): AuxiliaryKnowledge {
  return {
    dataset: { id: 'text', inputShape: [64], classes: 65, synthetic: true },
    shadow: takeSequences(500, 100),
    membership: [],
    reconstruction: [],
    ...questions,
  };
}
