import type { ReconstructionOutput } from '../api/attack.ts';
import { randomStream } from '../engine/random.ts';
import { valueCluster } from '../stats/bootstrap.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import { type ClusteredMetric, clusteredMetric } from './clustered.ts';

/** One image in memory: [height, width, channels], pixels in [0, 1] (others are clamped). */
export interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly pixels: Float32Array;
}

/** A reconstructed image beside the one the probe client trained on. */
export interface ImagePair {
  readonly original: Image;
  readonly reconstruction: Image;
}

/** An image of the given shape, or `null` when the inputs are no images (tables). */
function asImage(inputShape: readonly number[], pixels: Float32Array): Image | null {
  const [height, width, channels = 1] = inputShape;
  return height === undefined || width === undefined ? null : { height, width, channels, pixels };
}

/**
 * Pairs each probe's image with its reconstruction.
 * @returns `null` when the inputs are no images.
 * @throws {RangeError} when an answer is for no known probe, or a probe holds several images (a batch
 * must be matched before it is scored).
 */
export function imagePairs(output: ReconstructionOutput, truth: GroundTruth): ImagePair[] | null {
  const pairs = output.targets.map(({ client, round, images }) => {
    const probe = truth.reconstruction.find(
      (target) => target.client === client && target.round === round,
    );
    if (!probe) throw new RangeError(`no probe is client ${client}, round ${round}`);
    if (probe.labels.length !== 1)
      throw new RangeError(`probe client ${client} holds ${probe.labels.length} images, not one`);
    if (images.length !== probe.images.length)
      throw new RangeError(`${images.length} pixels for the ${probe.images.length} of ${client}`);
    const original = asImage(probe.inputShape, probe.images);
    const reconstruction = asImage(probe.inputShape, images);
    return original && reconstruction ? { original, reconstruction } : null;
  });
  return pairs.some((pair) => pair === null) ? null : (pairs as ImagePair[]);
}

/** `a` clamped to [0, 1]. */
export function clampPixel(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}

/**
 * A mean of an image distance over probes, with what a guess without any view scores: seeded noise,
 * the mean of the attacker's own images, and another probe's image.
 */
export function imageMetric(
  meta: ClusteredMetric<ReconstructionOutput>['meta'],
  measure: (original: Image, other: Image) => number | null,
): ClusteredMetric<ReconstructionOutput> {
  return clusteredMetric<ReconstructionOutput>({
    meta,
    clusters(output, truth) {
      const pairs = imagePairs(output, truth);
      const values = pairs?.map(({ original, reconstruction }) =>
        measure(original, reconstruction),
      );
      return !values || values.includes(null) ? null : (values as number[]).map(valueCluster);
    },
    samples: (output) => output.targets.length,
    baselines(output, truth) {
      const originals = (imagePairs(output, truth) ?? []).map(({ original }) => original);
      const random = randomStream('null-baseline', 'noise');
      const like = (image: Image, pixels: Float32Array) => ({ ...image, pixels });
      const guesses: Record<string, (image: Image, at: number) => Image | null> = {
        noise: (image) =>
          like(
            image,
            image.pixels.map(() => random.uniform()),
          ),
        'mean image': (image) => like(image, truth.meanImage),
        'wrong image': (image, at) => otherImage(originals, at, image),
      };
      return Object.fromEntries(
        Object.entries(guesses).flatMap(([name, guess]) => {
          const values = originals.flatMap((image, at) => {
            const other = guess(image, at);
            return other ? (measure(image, other) ?? []) : [];
          });
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
          return values.length > 0 ? [[name, mean]] : [];
        }),
      );
    },
  });
}

/** The next probe's image that differs from this one (a probe image may be trained on twice). */
function otherImage(originals: readonly Image[], at: number, image: Image): Image | null {
  for (let step = 1; step < originals.length; step++) {
    const other = originals[(at + step) % originals.length];
    if (other?.pixels.some((pixel, index) => pixel !== image.pixels[index])) return other;
  }
  return null;
}
