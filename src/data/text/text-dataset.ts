import { characterTokenizer, SHAKESPEARE_ALPHABET } from '../../text/characters.ts';
import type { Dataset, TrainingSamples } from '../dataset.ts';
import { limitedIndices, takeSamples } from '../samples.ts';
import type { DataLimits } from '../source.ts';

/** Tokens of a sequence that are given; the one after them is its label. */
export const CONTEXT = 64;

export const characters = characterTokenizer(SHAKESPEARE_ALPHABET);

/** What all texts of the suite have in common. */
export const characterText = {
  inputShape: [CONTEXT],
  classes: characters.vocabulary,
  naturalClients: 'speaker',
} as const;

/** A data set of the sequences that the limits keep. */
export function textDataset(
  about: Pick<Dataset, 'id' | 'title' | 'synthetic'>,
  parts: { readonly train: Required<TrainingSamples>; readonly test: TrainingSamples },
  { limit, testLimit }: DataLimits,
): Dataset {
  const { inputShape, classes } = characterText;
  const { train, test } = parts;
  const kept = limitedIndices(about.id, 'train', train.count, limit);
  return {
    ...about,
    inputShape,
    classes,
    tokenizer: characters,
    train: {
      ...takeSamples(train, kept),
      clientKeys: kept.map((index) => train.clientKeys[index] as number),
    },
    test: takeSamples(test, limitedIndices(about.id, 'test', test.count, testLimit)),
  };
}
