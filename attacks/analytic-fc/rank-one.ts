import type { ObservedUpdate } from '../gradient-matching/observed-update.ts';
import type { FirstLayer } from './first-layer.ts';

/** The first layer's update as far as it is scored: ΔW_ij = x_j · Δb_i for a single sample. */
export interface LayerUpdate {
  readonly features: number;
  readonly units: number;
  /** ΔW_ij, or `undefined` where it is not scored. */
  weight(feature: number, unit: number): number | undefined;
  /** Δb_i, or `undefined` where it is not scored. */
  bias(unit: number): number | undefined;
}

export function layerUpdate(
  { weight, bias, features, units }: FirstLayer,
  { gradient, scored }: Pick<ObservedUpdate, 'gradient' | 'scored'>,
): LayerUpdate {
  const at = (coordinate: number) => (scored[coordinate] === 1 ? gradient[coordinate] : undefined);
  return {
    features,
    units,
    weight: (feature, unit) => at(weight.offset + feature * units + unit),
    bias: (unit) => at(bias.offset + unit),
  };
}

export interface RankOneSolution {
  /** x_j; `NaN` where no exposed coordinate tells it. */
  readonly input: Float64Array;
  /** Δb_i, read or inferred; `NaN` where unknown. */
  readonly strengths: Float64Array;
  /** True when no bias was exposed: `input` is right up to one factor. */
  readonly upToScale: boolean;
}

/** An inferred Δb_i must rest on this much known signal, Σ x_j² over the pixels it was read from. */
const SIGNAL = 1e-3;

/**
 * Solves ΔW_ij = x_j · Δb_i from the scored entries.
 *
 * Every unit whose bias is exposed gives x_j = ΔW_ij / Δb_i; they are averaged with weights |Δb_i|.
 * Pixels found that way give the Δb_i of units whose bias is encrypted, those give further pixels,
 * and so on. Where no bias is exposed at all, the unit of largest exposed weight update starts the
 * chain with Δb_i = 1.
 */
export function solveRankOne(layer: LayerUpdate): RankOneSolution {
  const { features, units } = layer;
  const input = new Float64Array(features).fill(Number.NaN);
  const strengths = Float64Array.from(
    { length: units },
    (_, unit) => layer.bias(unit) ?? Number.NaN,
  );
  const upToScale = !strengths.some((strength) => Math.abs(strength) > 0);
  if (upToScale) {
    const seed = strongestUnknownUnit(layer, strengths);
    if (seed === undefined) return { input, strengths, upToScale };
    strengths[seed] = 1;
  }
  while (findPixels(layer, strengths, input) && findStrengths(layer, strengths, input)) {
    // Each pass feeds the next until neither side learns anything new.
  }
  // Pixels first read from a weak bias are better told by strong units found later.
  const refined = new Float64Array(features).fill(Number.NaN);
  findPixels(layer, strengths, refined);
  return { input: refined, strengths, upToScale };
}

/** Fills in pixels that units of known strength tell; whether there was any. */
function findPixels(layer: LayerUpdate, strengths: Float64Array, input: Float64Array): boolean {
  let found = false;
  for (let feature = 0; feature < layer.features; feature++) {
    if (!Number.isNaN(input[feature])) continue;
    let sum = 0;
    let weights = 0;
    strengths.forEach((strength, unit) => {
      const value = layer.weight(feature, unit);
      if (value === undefined || Number.isNaN(strength)) return;
      sum += Math.sign(strength) * value;
      weights += Math.abs(strength);
    });
    if (weights === 0) continue;
    input[feature] = sum / weights;
    found = true;
  }
  return found;
}

/** Fills in strengths of units by least squares over known pixels; whether there was any. */
function findStrengths(layer: LayerUpdate, strengths: Float64Array, input: Float64Array): boolean {
  let found = false;
  for (let unit = 0; unit < layer.units; unit++) {
    if (!Number.isNaN(strengths[unit])) continue;
    let product = 0;
    let signal = 0;
    input.forEach((pixel, feature) => {
      const value = layer.weight(feature, unit);
      if (value === undefined || Number.isNaN(pixel)) return;
      product += value * pixel;
      signal += pixel * pixel;
    });
    if (signal < SIGNAL) continue;
    strengths[unit] = product / signal;
    found = true;
  }
  return found;
}

function strongestUnknownUnit(layer: LayerUpdate, strengths: Float64Array): number | undefined {
  let strongest: number | undefined;
  let most = 0;
  strengths.forEach((strength, unit) => {
    if (!Number.isNaN(strength)) return;
    let energy = 0;
    for (let feature = 0; feature < layer.features; feature++)
      energy += (layer.weight(feature, unit) ?? 0) ** 2;
    if (energy <= most) return;
    most = energy;
    strongest = unit;
  });
  return strongest;
}

/** Share of the layer's scored weight update that the solution does not explain, 0 … 1. */
export function unexplained(layer: LayerUpdate, { input, strengths }: RankOneSolution): number {
  let rest = 0;
  let total = 0;
  input.forEach((pixel, feature) => {
    strengths.forEach((strength, unit) => {
      const value = layer.weight(feature, unit);
      if (value === undefined || Number.isNaN(pixel) || Number.isNaN(strength)) return;
      rest += (value - pixel * strength) ** 2;
      total += value ** 2;
    });
  });
  return total === 0 ? 0 : rest / total;
}
