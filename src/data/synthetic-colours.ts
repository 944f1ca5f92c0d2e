import { type RandomStream, randomStream } from '../engine/random.ts';
import type { LabelledSamples } from './dataset.ts';
import { limitedIndices } from './samples.ts';
import type { DatasetSource } from './source.ts';

const SIDE = 32;
const CHANNELS = 3;
const SHAPE = [SIDE, SIDE, CHANNELS];
const BLOBS = 4;

/** A soft coloured spot; lengths in pixels. */
interface Blob {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly colour: readonly number[];
}

/** A class: the colour behind, and spots on it. */
interface Scene {
  readonly background: readonly number[];
  readonly blobs: readonly Blob[];
}

export const syntheticCifar10 = colourImages({
  id: 'synthetic-cifar10',
  title: 'synthetic scenes (stand-in for CIFAR-10)',
  classes: 10,
});

export const syntheticCifar100 = colourImages({
  id: 'synthetic-cifar100',
  title: 'synthetic scenes (stand-in for CIFAR-100)',
  classes: 100,
});

function colourImages(about: { id: string; title: string; classes: number }): DatasetSource {
  const { id, title, classes } = about;
  const facts = { id, title, classes, synthetic: true, inputShape: SHAPE };
  const sizes = { train: 4_000, test: 1_000 };
  return {
    ...facts,
    trainSamples: sizes.train,
    testSamples: sizes.test,
    async load({ limit, testLimit }) {
      const random = randomStream(0, id);
      const scenes = Array.from({ length: classes }, (_, label) =>
        drawScene(random.derive('class', label)),
      );
      const draw = (part: 'train' | 'test', most: number | undefined) =>
        drawSamples(scenes, limitedIndices(id, part, sizes[part], most), random.derive(part));
      return { ...facts, train: draw('train', limit), test: draw('test', testLimit) };
    },
  };
}

function drawScene(random: RandomStream): Scene {
  const colour = () => Array.from({ length: CHANNELS }, random.uniform);
  return {
    background: colour(),
    blobs: Array.from({ length: BLOBS }, () => ({
      x: 6 + 20 * random.uniform(),
      y: 6 + 20 * random.uniform(),
      width: 2 + 4 * random.uniform(),
      height: 2 + 4 * random.uniform(),
      colour: colour(),
    })),
  };
}

/** Each sample has a stream of its own, so that only those asked for need be drawn. */
function drawSamples(
  scenes: readonly Scene[],
  indices: Uint32Array,
  random: RandomStream,
): LabelledSamples {
  const size = SIDE * SIDE * CHANNELS;
  const inputs = new Float32Array(indices.length * size);
  const labels = Int32Array.from(indices, (index, at) => {
    const stream = random.derive(index);
    const label = stream.integer(scenes.length);
    drawImage(inputs.subarray(at * size, (at + 1) * size), scenes[label] as Scene, stream);
    return label;
  });
  return { count: indices.length, inputShape: SHAPE, inputs, labels };
}

/** The scene moved, brightened, sometimes mirrored, and speckled. */
function drawImage(pixels: Float32Array, { background, blobs }: Scene, random: RandomStream): void {
  const shiftX = 2 * random.normal();
  const shiftY = 2 * random.normal();
  const brightness = 0.75 + 0.25 * random.uniform();
  const mirrored = random.uniform() < 0.5;
  const profile = (centre: number, width: number) =>
    Float64Array.from({ length: SIDE }, (_, at) => Math.exp(-(((at - centre) / width) ** 2) / 2));
  const spots = blobs.map(({ x, y, width, height, colour }) => ({
    across: profile(x + shiftX, width),
    down: profile(y + shiftY, height),
    colour,
  }));
  for (let row = 0; row < SIDE; row++)
    for (let column = 0; column < SIDE; column++) {
      const at = CHANNELS * (row * SIDE + (mirrored ? SIDE - 1 - column : column));
      const speckle = 0.1 * (random.uniform() - 0.5);
      for (let channel = 0; channel < CHANNELS; channel++) {
        let value = background[channel] as number;
        for (const { across, down, colour } of spots) {
          const cover = (across[column] as number) * (down[row] as number);
          value += cover * ((colour[channel] as number) - value);
        }
        pixels[at + channel] = Math.min(1, Math.max(0, brightness * value + speckle));
      }
    }
}
