import type { LabelledSamples } from '../../src/data/dataset.ts';
import { sampleSize } from '../../src/data/samples.ts';

/** Samples of several lists, each once however often it occurs. */
export interface SamplePool {
  readonly samples: LabelledSamples;
  /** Per list, the place of each of its samples in the pool. */
  readonly places: readonly Uint32Array[];
}

/**
 * Puts lists of samples together. Victims may share candidates; a sample that occurred twice would be
 * in the training of a reference model by one occurrence and out of it by the other.
 *
 * @param lists at least one, all of one input shape
 */
export function poolSamples(lists: readonly LabelledSamples[]): SamplePool {
  const { inputShape } = lists[0] as LabelledSamples;
  const size = sampleSize(inputShape);
  const known = new Map<string, number>();
  const inputs: Float32Array[] = [];
  const labels: number[] = [];
  const places = lists.map((list) =>
    Uint32Array.from({ length: list.count }, (_, at) => {
      const input = list.inputs.subarray(at * size, (at + 1) * size);
      const label = list.labels[at] as number;
      const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
      const name = `${label} ${bytes.toString('base64')}`;
      const place = known.get(name) ?? inputs.push(input) - 1;
      if (!known.has(name)) labels.push(label);
      known.set(name, place);
      return place;
    }),
  );
  const joined = new Float32Array(inputs.length * size);
  inputs.forEach((input, at) => {
    joined.set(input, at * size);
  });
  return {
    samples: { count: inputs.length, inputShape, inputs: joined, labels: Int32Array.from(labels) },
    places,
  };
}
