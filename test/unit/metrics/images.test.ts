import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ssim as blazediffSsim } from '@blazediff/ssim';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { ReconstructionOutput } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { psnrSuccess } from '../../../src/metrics/attack-success.ts';
import { identification } from '../../../src/metrics/identification.ts';
import type { Image } from '../../../src/metrics/images.ts';
import { labelAccuracy } from '../../../src/metrics/label-accuracy.ts';
import { msSsim, multiScaleSimilarity } from '../../../src/metrics/ms-ssim.ts';
import { meanSquaredError, mse } from '../../../src/metrics/mse.ts';
import { peakSignalToNoise, psnr } from '../../../src/metrics/psnr.ts';
import { ssim, structuralSimilarity } from '../../../src/metrics/ssim.ts';
import { universalQuality, uqi } from '../../../src/metrics/uqi.ts';
import { vif, visualInformation } from '../../../src/metrics/vif.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';

const references = fileURLToPath(
  new URL('../../../../shared/data/images/metric-refs/', import.meta.url),
);

async function readImage(file: string): Promise<Image> {
  const { data, info } = await sharp(`${references}${file}`)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, channels, pixels: Float32Array.from(data, (byte) => byte / 255) };
}

interface ReferencePair {
  readonly reference: string;
  readonly distorted: string;
  readonly metrics: Readonly<Record<string, number | null | { re: number; im: number }>>;
}

const pairs: ReferencePair[] = existsSync(references)
  ? JSON.parse(readFileSync(`${references}metrics.json`, 'utf8')).pairs
  : [];

describe.skipIf(pairs.length === 0)('scikit-image and sewar references (../shared)', () => {
  test.each(pairs)('$distorted', async ({ reference, distorted, metrics }) => {
    const [original, other] = await Promise.all([readImage(reference), readImage(distorted)]);
    const squared = meanSquaredError(original, other) * 255 ** 2;
    expect(squared).toBeCloseTo(metrics['skimage.mse'] as number, 2);
    const decibels = peakSignalToNoise(original, other);
    if (metrics['skimage.psnr'] === null) expect(decibels).toBe(Number.POSITIVE_INFINITY);
    else expect(decibels).toBeCloseTo(metrics['skimage.psnr'] as number, 5);
    expect(structuralSimilarity(original, other)).toBeCloseTo(
      metrics['sewar.ssim_gauss11_s1.5_valid'] as number,
      5,
    );
    // Exact integers on both sides.
    expect(universalQuality(original, other)).toBeCloseTo(
      metrics['wangbovik2002.uqi_ws8_valid'] as number,
      9,
    );
    const fidelity = metrics['sewar.vifp_sigma2'];
    if (typeof fidelity === 'number')
      expect(visualInformation(original, other)).toBeCloseTo(fidelity, 6);
    // Gray only: the reference's low-pass of a colour image runs across its channels as well. An
    // inverted image has negative terms, whose powers are complex there and count as 0 here.
    const multiScale = metrics['sewar.msssim'] as { re: number; im: number } | undefined;
    if (original.channels === 1 && multiScale && multiScale.im === 0 && multiScale.re > 0)
      // The reference itself is 6e-4 from the constant of MATLAB on its test image.
      expect(Math.abs(multiScaleSimilarity(original, other) - multiScale.re)).toBeLessThan(1e-3);
  });
});

test('SSIM agrees with a second library on a gray image', () => {
  const random = randomStream('ssim');
  const size = 32;
  const gray = Uint8ClampedArray.from({ length: size * size }, (_, at) => (at * 7) % 256);
  const noisy = gray.map((value) => value + 60 * random.normal());
  const image = (bytes: Uint8ClampedArray): Image => ({
    width: size,
    height: size,
    channels: 1,
    pixels: Float32Array.from(bytes, (byte) => byte / 255),
  });
  const rgba = (bytes: Uint8ClampedArray) =>
    Uint8ClampedArray.from({ length: bytes.length * 4 }, (_, at) =>
      at % 4 === 3 ? 255 : (bytes[at >> 2] as number),
    );
  const other = blazediffSsim(rgba(gray), rgba(noisy), undefined, size, size);
  expect(structuralSimilarity(image(gray), image(noisy))).toBeCloseTo(other, 2);
});

// Windows of 11 at one scale, 11 at two, 17 at the first, and 8 pixels.
test.each([
  [ssim, structuralSimilarity, 11],
  [msSsim, multiScaleSimilarity, 21],
  [vif, visualInformation, 17],
  [uqi, universalQuality, 8],
])('%#: images its window does not fit into are refused', (metric, measure, side) => {
  const random = randomStream('small images');
  const image = (height: number): Image => ({
    ...{ width: 28, height, channels: 1 },
    pixels: Float32Array.from({ length: 28 * height }, () => random.uniform()),
  });
  const [small, large] = [image(side - 1), image(side)];
  expect(() => measure(small, small)).toThrow(`at least ${side} × ${side} pixels, not 28 × `);
  // An image and itself: 1 by every one of these measures.
  expect(measure(large, large)).toBeCloseTo(1, 6);
  const score = ({ height, pixels }: Image) => {
    const labels = Int32Array.of(0);
    const answer = { client: 0, round: 1, images: pixels, labels };
    return metric.score(
      {
        kind: 'reconstruction',
        targets: [{ ...answer, from: 'update', cost: 0, iterations: 1 }],
      },
      {
        membership: [],
        meanImage: pixels,
        distractors: new Float32Array(0),
        reconstruction: [{ ...answer, inputShape: [height, 28, 1] }],
      },
    );
  };
  expect(score(small)).toBeNull();
  expect(score(large)?.value).toBeCloseTo(1, 6);
});

describe('over probes', () => {
  const digit = (level: number) => new Float32Array(28 * 28).fill(level);
  const truth: GroundTruth = {
    membership: [],
    meanImage: digit(0.5),
    distractors: new Float32Array(0),
    reconstruction: [0, 1].map((client) => ({
      client,
      round: 1,
      inputShape: [28, 28, 1],
      images: digit(client),
      labels: Int32Array.of(client),
    })),
  };
  const output = (images: Float32Array[]): ReconstructionOutput => ({
    kind: 'reconstruction',
    targets: images.map((image, client) => ({
      client,
      round: 1,
      from: 'update',
      images: image,
      labels: Int32Array.of(client),
      cost: 0,
      iterations: 1,
    })),
  });

  test('mean over probes, with what a guess scores', () => {
    const value = mse.score(output([digit(0), digit(0)]), truth);
    expect(value?.perItem).toEqual([0, 1]);
    expect(value?.value).toBe(0.5);
    expect(value?.n).toBe(2);
    expect(value?.baselines?.['mean image']).toBe(0.25);
    expect(value?.baselines?.['wrong image']).toBe(1);
    expect(value?.baselines?.noise).toBeCloseTo(1 / 3, 1);
    expect(value?.caution).toMatch(/only 2 targets/);
  });

  test('identical images: PSNR is infinite; its mean goes no further than 8-bit pixels tell', () => {
    const exact = output([digit(0), digit(1)]);
    const image = { height: 28, width: 28, channels: 1, pixels: digit(0.3) };
    expect(peakSignalToNoise(image, image)).toBe(Number.POSITIVE_INFINITY);
    const random = randomStream('rounding');
    const pixels = digit(0).map(() => random.uniform());
    const rounded = pixels.map((pixel) => Math.round(255 * pixel) / 255);
    const rounding = peakSignalToNoise({ ...image, pixels }, { ...image, pixels: rounded });
    expect(psnr.score(exact, truth)?.value).toBeCloseTo(rounding, 0);
    expect(ssim.score(exact, truth)?.value).toBeCloseTo(1, 12);
    // One exact image does not outweigh a bad one: 58.9 and 0 dB.
    expect(psnr.score(output([digit(0), digit(0)]), truth)?.value).toBeCloseTo(rounding / 2, 0);
  });

  test('pixels outside [0, 1] are clamped, as a viewer would', () => {
    expect(mse.score(output([digit(-3), digit(7)]), truth)?.value).toBe(0);
  });

  test('an answer for no known probe is refused', () => {
    const wrong = output([digit(0), digit(0), digit(0)]);
    expect(() => mse.score(wrong, truth)).toThrow(/no probe is client 2/);
  });
});

describe('over the best guess', () => {
  const flat = (level: number) => new Float32Array(121).fill(level);
  const truthOf = (levels: readonly number[]): GroundTruth => ({
    membership: [],
    meanImage: flat(0.5),
    distractors: new Float32Array(0),
    reconstruction: levels.map((level, client) => ({
      client,
      round: 1,
      inputShape: [11, 11, 1],
      images: flat(level),
      labels: Int32Array.of(0),
    })),
  });
  const answers = (levels: readonly number[]): ReconstructionOutput => ({
    kind: 'reconstruction',
    targets: levels.map((level, client) => ({
      client,
      round: 1,
      from: 'update',
      images: flat(level),
      labels: Int32Array.of(0),
      cost: 0,
      iterations: 1,
    })),
  });

  test('differences are paired: the guess itself is 0 with no spread, whatever the images', () => {
    const truth = truthOf([0.1, 0.45, 0.9]);
    const score = mse.score(answers([0.5, 0.5, 0.5]), truth);
    expect(score?.interval?.low).toBeLessThan(score?.interval?.high as number);
    expect(score?.overNull).toMatchObject({
      baseline: 'mean image',
      value: 0,
      interval: { low: 0, high: 0 },
    });
  });

  test('by hand: squared errors .01, .01 against .16, .16 of the mean image', () => {
    const score = mse.score(answers([0.2, 0.8]), truthOf([0.1, 0.9]));
    expect(score?.overNull?.value).toBeCloseTo(0.01 - 0.16, 6);
  });

  test('one image has no interval', () => {
    expect(mse.score(answers([0.2]), truthOf([0.1]))?.overNull?.interval).toBeUndefined();
  });
});

describe('a batch', () => {
  const size = 11 * 11;
  const level = (value: number) => new Float32Array(size).fill(value);
  const batch = (...levels: number[]) =>
    Float32Array.from(levels.flatMap((value) => [...level(value)]));
  const truth: GroundTruth = {
    membership: [],
    meanImage: level(0.5),
    distractors: batch(0.3, 0.7),
    reconstruction: [
      {
        client: 0,
        round: 1,
        inputShape: [11, 11, 1],
        images: batch(0.1, 0.9),
        labels: Int32Array.of(4, 7),
      },
    ],
  };
  const answer = (levels: readonly [number, number], labels: readonly [number, number]) =>
    ({
      kind: 'reconstruction',
      targets: [
        {
          client: 0,
          round: 1,
          from: 'update',
          images: batch(...levels),
          labels: Int32Array.from(labels),
          cost: 0,
          iterations: 1,
        },
      ],
    }) satisfies ReconstructionOutput;

  test('is matched one to one, whatever its order', () => {
    // Row by row, both images would take the first answer.
    const output = answer([0.8, 1], [7, 4]);
    expect(mse.score(output, truth)?.value).toBeCloseTo((0.7 ** 2 + 0.1 ** 2) / 2, 6);
    const swapped = answer([0.9, 0.1], [7, 4]);
    expect(mse.score(swapped, truth)).toMatchObject({ value: 0, n: 2 });
    expect(labelAccuracy.score(swapped, truth)).toMatchObject({ value: 1, n: 2 });
    expect(labelAccuracy.score(answer([0, 0], [4, 4]), truth)?.value).toBe(0.5);
    expect(labelAccuracy.score(answer([0, 0], [-1, -1]), truth)).toBeNull();
  });

  test('success is counted per image, and an image counts as identified beside distractors', () => {
    // 0.1 → 0.12: 34 dB, nearest to its own image. 0.9 → 0.79: 19 dB, nearest to a distractor.
    const output = answer([0.12, 0.79], [4, 7]);
    expect(psnrSuccess.score(output, truth)).toMatchObject({ value: 0.5, n: 2 });
    expect(identification.score(output, truth)).toMatchObject({
      value: 0.5,
      n: 2,
      baselines: { chance: 1 / 3 },
    });
    expect(identification.score(output, { ...truth, distractors: new Float32Array(0) })).toBeNull();
  });
});
