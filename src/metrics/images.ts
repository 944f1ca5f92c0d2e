import type { ReconstructionOutput } from '../api/attack.ts';
import { randomStream } from '../engine/random.ts';
import { optimalAssignment } from '../stats/assignment.ts';
import { valuesCluster } from '../stats/bootstrap.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import { type ClusteredMetric, clusteredMetric } from './clustered.ts';

/** How alike two images are. */
export type ImageMeasure = ((original: Image, other: Image) => number) & {
  /** Images with a shorter side are refused: the measure's window doesn't fit into them. */
  readonly smallestSide?: number;
};

/**
 * A measure that refuses images its window doesn't fit into.
 * @throws {RangeError} on its use, for images of a shorter side.
 */
export function windowedMeasure(
  name: string,
  smallestSide: number,
  measure: (original: Image, other: Image) => number,
): ImageMeasure & { readonly smallestSide: number } {
  const refusing = (original: Image, other: Image) => {
    if (!fits({ smallestSide }, original))
      throw new RangeError(
        `${name} needs images of at least ${smallestSide} × ${smallestSide} pixels, not ${original.width} × ${original.height}`,
      );
    return measure(original, other);
  };
  return Object.assign(refusing, { smallestSide });
}

/** Whether an image is large enough for a measure. */
export function fits({ smallestSide = 1 }: Pick<ImageMeasure, 'smallestSide'>, image: Image) {
  return Math.min(image.width, image.height) >= smallestSide;
}

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
  /** Position of the original in its probe's local set. */
  readonly sample: number;
  /** Position of the reconstruction in the attack's answer. */
  readonly answer: number;
}

/** An image of the given shape, or `null` when the inputs are no images (tables). */
function asImage(inputShape: readonly number[], pixels: Float32Array): Image | null {
  const [height, width, channels = 1] = inputShape;
  return height === undefined || width === undefined ? null : { height, width, channels, pixels };
}

/**
 * Pairs each probe's images with their reconstructions; one list per probe, in the output's order. The
 * order within a batch is lost in training, so the reconstructions of a batch are matched to its images
 * by optimal assignment (smallest total squared error): each counts once.
 *
 * @returns `null` when the inputs are no images.
 * @throws {RangeError} when an answer is for no known probe or of another size.
 */
export function imagePairs(output: ReconstructionOutput, truth: GroundTruth): ImagePair[][] | null {
  const probes = output.targets.map((target) => {
    const { client, images } = target;
    const probe = probeOf(target, truth);
    if (images.length !== probe.images.length)
      throw new RangeError(`${images.length} pixels for the ${probe.images.length} of ${client}`);
    return matched(
      splitImages(probe.inputShape, probe.images, probe.labels.length),
      splitImages(probe.inputShape, images, probe.labels.length),
    );
  });
  return probes.includes(null) ? null : (probes as ImagePair[][]);
}

/**
 * The probe client that an answer is for.
 * @throws {RangeError} when there is none.
 */
export function probeOf(
  { client, round }: { readonly client: number; readonly round: number },
  truth: GroundTruth,
): GroundTruth['reconstruction'][number] {
  const probe = truth.reconstruction.find(
    (target) => target.client === client && target.round === round,
  );
  if (!probe) throw new RangeError(`no probe is client ${client}, round ${round}`);
  return probe;
}

function splitImages(inputShape: readonly number[], pixels: Float32Array, count: number) {
  const size = pixels.length / count;
  return Array.from({ length: count }, (_, at) =>
    asImage(inputShape, pixels.subarray(at * size, (at + 1) * size)),
  );
}

function matched(
  originals: readonly (Image | null)[],
  reconstructions: readonly (Image | null)[],
): ImagePair[] | null {
  if (originals.includes(null) || reconstructions.includes(null)) return null;
  const images = originals as Image[];
  const answers = reconstructions as Image[];
  const partner = optimalAssignment(
    images.map((image) => answers.map((answer) => squaredError(image, answer))),
  );
  return images.map((original, sample) => {
    const answer = partner[sample] as number;
    return { original, reconstruction: answers[answer] as Image, sample, answer };
  });
}

/** Σ over pixels, clamped to [0, 1]; what batches are matched by. */
function squaredError(a: Image, b: Image): number {
  return a.pixels.reduce(
    (sum, pixel, at) => sum + (clampPixel(pixel) - clampPixel(b.pixels[at] as number)) ** 2,
    0,
  );
}

/** `a` clamped to [0, 1]. */
export function clampPixel(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}

/**
 * A mean of an image distance over probes, with what a guess without any view scores: seeded noise,
 * the mean of the attacker's own images, and another probe's image. It can't be asked of images that
 * are too small for it.
 */
export function imageMetric(
  meta: ClusteredMetric<ReconstructionOutput>['meta'],
  measure: ImageMeasure,
): ClusteredMetric<ReconstructionOutput> {
  const valuesOf = (output: ReconstructionOutput, truth: GroundTruth) => {
    const probes = imagePairs(output, truth);
    if (!probes?.flat().every(({ original }) => fits(measure, original))) return null;
    return probes.map((pairs) =>
      pairs.map(({ original, reconstruction }) => measure(original, reconstruction)),
    );
  };
  return clusteredMetric<ReconstructionOutput>({
    meta,
    clusters: (output, truth) => valuesOf(output, truth)?.map(valuesCluster) ?? null,
    samples: (output, truth) => (imagePairs(output, truth) ?? []).flat().length,
    baselines(output, truth) {
      const probes = (imagePairs(output, truth) ?? []).map((pairs) =>
        pairs.map(({ original }) => original),
      );
      const all = probes.flat();
      const random = randomStream('null-baseline', 'noise');
      const like = (image: Image, pixels: Float32Array) => ({ ...image, pixels });
      const guesses: Record<string, (image: Image) => Image | null> = {
        noise: (image) =>
          like(
            image,
            image.pixels.map(() => random.uniform()),
          ),
        'mean image': (image) => like(image, truth.meanImage),
        'wrong image': (image) => otherImage(all, image),
      };
      return Object.fromEntries(
        Object.entries(guesses).flatMap(([name, guess]) => {
          const values = probes.map((images) =>
            images.flatMap((image) => {
              const other = guess(image);
              return other ? measure(image, other) : [];
            }),
          );
          return values.every(({ length }) => length > 0)
            ? [[name, values.map(valuesCluster)]]
            : [];
        }),
      );
    },
  });
}

/** The next probe's image that differs from this one (a probe image may be trained on twice). */
export function otherImage(originals: readonly Image[], image: Image): Image | null {
  const at = originals.indexOf(image);
  for (let step = 1; step < originals.length; step++) {
    const other = originals[(at + step) % originals.length];
    if (other?.pixels.some((pixel, index) => pixel !== image.pixels[index])) return other;
  }
  return null;
}
