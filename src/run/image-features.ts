import type { ImageFeatures, ReconstructionOutput } from '../api/attack.ts';
import type { Engine, NdArray } from '../engine/program.ts';
import { randomStream } from '../engine/random.ts';
import { clampPixel, probeOf } from '../metrics/images.ts';
import type { Model } from '../models/model.ts';
import { penultimateActivations } from '../models/penultimate.ts';
import type { GroundTruth } from '../view/ground-truth.ts';

/**
 * The answer with the features of its images in a trained model, where that has any.
 *
 * @param weights of the model, [N]; absent: there is none to judge by
 */
export async function withFeatures(
  { features: _, ...output }: ReconstructionOutput,
  truth: GroundTruth,
  { weights, ...by }: { model: Model; weights: Float32Array | undefined; engine: Engine },
): Promise<ReconstructionOutput> {
  const features = weights && (await imageFeatures(output, truth, { ...by, weights }));
  return features ? { ...output, features } : output;
}

/**
 * Features of an answer's images, of the originals and of what null baselines guess, as a trained model
 * sees them: activations before its last layer.
 *
 * @param weights of the model, [N]
 * @returns undefined when the model's last layer is not fully connected
 */
export async function imageFeatures(
  { targets }: ReconstructionOutput,
  truth: GroundTruth,
  { model, weights, engine }: { model: Model; weights: Float32Array; engine: Engine },
): Promise<ImageFeatures | undefined> {
  const definition = penultimateActivations(model);
  if (!definition) return undefined;
  const answers = joined(targets.map(({ images }) => images.map(clampPixel)));
  const originals = joined(targets.map((target) => probeOf(target, truth).images));
  // The same noise as every image metric's baseline.
  const random = randomStream('null-baseline', 'noise');
  const noise = originals.map(() => random.uniform());
  const size = truth.meanImage.length;
  const pixels = joined([answers, originals, noise, truth.meanImage]);
  const steps = pixels.length / size;
  const program = await engine.compile(definition);
  try {
    const { outputs } = await program.run({
      steps,
      state: [],
      constants: model.layout.split(weights),
      perStep: [{ shape: [steps, 1, ...model.inputShape], data: pixels }],
    });
    const features = (outputs[0] as NdArray).data as Float32Array;
    const width = features.length / steps;
    const count = originals.length / size;
    const part = (at: number, images = count) =>
      features.slice(at * count * width, (at * count + images) * width);
    return {
      ...{ width, answers: part(0), originals: part(1), noise: part(2) },
      meanImage: part(3, 1),
    };
  } finally {
    program.dispose();
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
