import type { AttackKind, AttackOutput, ReconstructionOutput } from '../api/attack.ts';
import type { MetricValue } from '../api/metric.ts';
import type { AttackScores, GalleryItem, StoredImage } from '../api/results.ts';
import { clampPixel, fits, type Image, imagePairs } from '../metrics/images.ts';
import { allCandidates, victims } from '../metrics/membership.ts';
import { peakSignalToNoise } from '../metrics/psnr.ts';
import { metricsFor } from '../metrics/registry.ts';
import { structuralSimilarity } from '../metrics/ssim.ts';
import { rocCurve, thinCurve } from '../stats/roc.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { AuxiliaryKnowledge } from '../view/auxiliary.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import { targetsOf } from './exposures.ts';
import { textExhibits } from './text-exhibits.ts';

/** An attack's answer that isn't one to the questions asked. */
export class AttackOutputError extends Error {
  override readonly name = 'AttackOutputError';
}

/**
 * Every target must be answered, once: an attack that leaves out the ones it failed on would be
 * scored on the easy ones.
 * @throws {AttackOutputError} naming the target.
 */
export function requireAllAnswered(
  output: AttackOutput,
  kind: AttackKind,
  auxiliary: AuxiliaryKnowledge,
): void {
  if (output?.kind !== kind || !Array.isArray(output.targets))
    throw new AttackOutputError(`The attack gave no ${kind} output.`);
  if (output.kind === 'key') return;
  const name = ({ client, round }: { client: number; round: number }) =>
    `client ${client}, round ${round}`;
  const answered = output.targets.map(name);
  for (const target of targetsOf(kind, auxiliary).map(name)) {
    const count = answered.filter((other) => other === target).length;
    if (count !== 1)
      throw new AttackOutputError(
        `The attack answered the target ${target} ${count} times instead of once.`,
      );
  }
}

/**
 * Everything the report shows of one attack in one cell; `seconds` is the attack's own time. Recovered
 * tokens are shown as text where there is a tokenizer.
 */
export function scoreAttack(
  output: AttackOutput,
  answers: {
    readonly truth: GroundTruth;
    readonly auxiliary: AuxiliaryKnowledge;
    readonly tokenizer?: Tokenizer | undefined;
  },
  seconds: number,
): AttackScores {
  const { truth, auxiliary, tokenizer } = answers;
  const metrics: Record<string, MetricValue> = {};
  for (const metric of metricsFor(output.kind)) {
    const value = metric.score(output, truth);
    if (value) metrics[metric.meta.id] = value;
  }
  if (output.kind === 'membership')
    return { metrics, seconds, roc: thinCurve(rocCurve(allCandidates(victims(output, truth)))) };
  if (output.kind === 'text' && tokenizer)
    return { metrics, seconds, texts: textExhibits(output, answers, tokenizer) };
  if (output.kind !== 'reconstruction') return { metrics, seconds };
  return { metrics, seconds, gallery: gallery(output, truth, auxiliary) };
}

/** Originals and reconstructions side by side; empty when the inputs are no images. */
function gallery(
  output: ReconstructionOutput,
  truth: GroundTruth,
  auxiliary: AuxiliaryKnowledge,
): GalleryItem[] {
  return (imagePairs(output, truth) ?? []).flatMap((pairs, at) => {
    const { client, round, from, labels } = output.targets[at] as (typeof output.targets)[number];
    const isAsked = (other: { client: number; round: number }) =>
      other.client === client && other.round === round;
    const localSteps = auxiliary.reconstruction.find(isAsked)?.localSteps ?? 0;
    const actual = truth.reconstruction.find(isAsked)?.labels;
    return pairs.map(({ original, reconstruction, sample, answer }) => ({
      client,
      round,
      localSteps,
      label: actual?.[sample] ?? -1,
      guessedLabel: labels[answer] ?? -1,
      from,
      original: storeImage(original),
      reconstruction: storeImage(reconstruction),
      psnr: peakSignalToNoise(original, reconstruction),
      ssim: fits(structuralSimilarity, original)
        ? structuralSimilarity(original, reconstruction)
        : null,
    }));
  });
}

function storeImage({ width, height, channels, pixels }: Image): StoredImage {
  const bytes = Uint8Array.from(pixels, (pixel) => Math.round(255 * clampPixel(pixel)));
  return {
    width,
    height,
    channels: channels === 3 ? 3 : 1,
    pixels: Buffer.from(bytes).toString('base64'),
  };
}
