import { type RandomStream, randomStream } from '../engine/random.ts';
import type { Dataset, LabelledSamples } from './dataset.ts';
import { limitedIndices, takeSamples } from './samples.ts';
import type { DatasetSource } from './source.ts';

const SIDE = 28;
const CLASSES = 10;
const STROKES = 4;

/** A soft stroke: a Gaussian bump that is longer than wide. Lengths in pixels, angle in radians. */
interface Stroke {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly length: number;
  readonly width: number;
  readonly brightness: number;
}

/** Sizes of a stand-in; `seed` picks another set of classes and samples. */
export interface SyntheticSizes {
  readonly train: number;
  readonly test: number;
  readonly seed: number;
}

const SIZES: SyntheticSizes = { train: 4_000, test: 1_000, seed: 0 };

/** The registered stand-in for MNIST: same shapes and classes, no download, quick to make. */
export const syntheticMnist: DatasetSource = {
  id: 'synthetic-mnist',
  title: 'synthetic digits (stand-in for MNIST)',
  synthetic: true,
  inputShape: [SIDE, SIDE, 1],
  classes: CLASSES,
  trainSamples: SIZES.train,
  testSamples: SIZES.test,
  async load({ limit, testLimit }) {
    const full = createSyntheticMnist(SIZES);
    const keep = (part: 'train' | 'test', samples: LabelledSamples, n: number | undefined) =>
      takeSamples(samples, limitedIndices('synthetic-mnist', part, samples.count, n));
    return {
      ...full,
      train: keep('train', full.train, limit),
      test: keep('test', full.test, testLimit),
    };
  },
};

/**
 * Images that look different per class and smooth within: every class is a pattern of soft strokes,
 * every sample that pattern shifted, turned, scaled in brightness and speckled a little.
 *
 * @example createSyntheticMnist({ train: 200, test: 50 })
 */
export function createSyntheticMnist(sizes: Partial<SyntheticSizes> = {}): Dataset {
  const { train, test, seed } = { ...SIZES, ...sizes };
  const random = randomStream(seed, 'synthetic-mnist');
  const patterns = Array.from({ length: CLASSES }, (_, label) =>
    drawPattern(random.derive('class', label)),
  );
  const { id, title, synthetic, inputShape, classes } = syntheticMnist;
  return {
    id,
    title,
    synthetic,
    inputShape,
    classes,
    train: drawSamples(patterns, train, random.derive('train')),
    test: drawSamples(patterns, test, random.derive('test')),
  };
}

function drawPattern(random: RandomStream): Stroke[] {
  return Array.from({ length: STROKES }, () => ({
    x: 7 + 14 * random.uniform(),
    y: 7 + 14 * random.uniform(),
    angle: Math.PI * random.uniform(),
    length: 3 + 3 * random.uniform(),
    width: 1 + 0.8 * random.uniform(),
    brightness: 0.6 + 0.4 * random.uniform(),
  }));
}

function drawSamples(
  patterns: readonly (readonly Stroke[])[],
  count: number,
  random: RandomStream,
): LabelledSamples {
  const inputs = new Float32Array(count * SIDE * SIDE);
  const labels = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    const label = random.integer(CLASSES);
    labels[at] = label;
    drawImage(
      inputs.subarray(at * SIDE * SIDE, (at + 1) * SIDE * SIDE),
      patterns[label] as readonly Stroke[],
      random,
    );
  }
  return { count, inputShape: syntheticMnist.inputShape, inputs, labels };
}

function drawImage(pixels: Float32Array, pattern: readonly Stroke[], random: RandomStream): void {
  const shiftX = 1.5 * random.normal();
  const shiftY = 1.5 * random.normal();
  const turn = 0.12 * random.normal();
  const contrast = 0.8 + 0.2 * random.uniform();
  const centre = (SIDE - 1) / 2;
  for (const stroke of pattern) {
    const dx = stroke.x - centre;
    const dy = stroke.y - centre;
    const x = centre + dx * Math.cos(turn) - dy * Math.sin(turn) + shiftX;
    const y = centre + dx * Math.sin(turn) + dy * Math.cos(turn) + shiftY;
    const cos = Math.cos(stroke.angle + turn);
    const sin = Math.sin(stroke.angle + turn);
    for (let row = 0; row < SIDE; row++)
      for (let column = 0; column < SIDE; column++) {
        const along = ((column - x) * cos + (row - y) * sin) / stroke.length;
        const across = ((row - y) * cos - (column - x) * sin) / stroke.width;
        const value =
          contrast * stroke.brightness * Math.exp(-(along * along + across * across) / 2);
        const pixel = row * SIDE + column;
        pixels[pixel] = Math.max(pixels[pixel] as number, value);
      }
  }
  for (let pixel = 0; pixel < pixels.length; pixel++)
    pixels[pixel] = Math.min(1, Math.max(0, (pixels[pixel] as number) + 0.02 * random.normal()));
}
