import type { ImageFeatures, ReconstructionOutput } from '../api/attack.ts';
import { valuesCluster } from '../stats/bootstrap.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import { clusteredMetric } from './clustered.ts';
import { imagePairs, otherImage } from './images.ts';

/**
 * How far reconstructions are from the originals in the eyes of the trained model: the mean squared
 * difference of the activations before its last layer. Images that look different may be alike to it,
 * and the other way round. Its scale is the model's own: compare within one training, and with the
 * baselines.
 */
export const featureMse = clusteredMetric<ReconstructionOutput>({
  meta: {
    id: 'feature-mse',
    version: 1,
    title: 'Mean squared error of features',
    unit: '',
    kind: 'reconstruction',
    higherMeansMoreLeakage: false,
    source:
      'Activations before the last layer of the federation’s final model, per image, then mean; its scale is that model’s own',
  },
  clusters(output, truth) {
    const probes = pairedRows(output, truth);
    return (
      probes?.map(({ features, rows }) =>
        valuesCluster(
          rows.map(({ original, answer }) =>
            distance(features, features.originals, original, features.answers, answer),
          ),
        ),
      ) ?? null
    );
  },
  samples: (output, truth) => (pairedRows(output, truth) ?? []).flatMap(({ rows }) => rows).length,
  baselines(output, truth) {
    const probes = pairedRows(output, truth) ?? [];
    const all = probes.flatMap(({ rows }) => rows.map(({ image }) => image));
    const against = (
      guess: (row: Row, features: ImageFeatures) => readonly [Float32Array, number] | null,
    ) => {
      const values = probes.map(({ features, rows }) =>
        rows.flatMap((row) => {
          const other = guess(row, features);
          return other ? distance(features, features.originals, row.original, ...other) : [];
        }),
      );
      return values.every(({ length }) => length > 0) ? values.map(valuesCluster) : null;
    };
    const guesses = {
      noise: against(({ original }, { noise }) => [noise, original]),
      'mean image': against((_, { meanImage }) => [meanImage, 0]),
      'wrong image': against(({ image }, { originals }) => {
        const other = otherImage(all, image);
        return other ? [originals, all.indexOf(other)] : null;
      }),
    };
    return Object.fromEntries(
      Object.entries(guesses).flatMap(([name, clusters]) => (clusters ? [[name, clusters]] : [])),
    );
  },
});

type Pair = NonNullable<ReturnType<typeof imagePairs>>[number][number];

interface Row {
  readonly image: Pair['original'];
  /** Rows of the feature matrices. */
  readonly original: number;
  readonly answer: number;
}

/** Each probe's images with their rows, matched as every image metric matches them. */
function pairedRows(output: ReconstructionOutput, truth: GroundTruth) {
  const { features } = output;
  if (!features) return null;
  const probes = imagePairs(output, truth);
  if (!probes) return null;
  let first = 0;
  return probes.map((pairs) => {
    const rows = pairs.map(
      ({ original: image, sample, answer }): Row => ({
        ...{ image, original: first + sample, answer: first + answer },
      }),
    );
    first += pairs.length;
    return { features, rows };
  });
}

function distance(
  { width }: ImageFeatures,
  left: Float32Array,
  a: number,
  right: Float32Array,
  b: number,
): number {
  let sum = 0;
  for (let at = 0; at < width; at++)
    sum += ((left[a * width + at] as number) - (right[b * width + at] as number)) ** 2;
  return sum / width;
}
