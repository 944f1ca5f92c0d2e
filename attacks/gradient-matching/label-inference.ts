import type { ParameterEntry, ParameterLayout } from '../../src/models/layout.ts';
import type { ObservedUpdate } from './observed-update.ts';

/**
 * The label of a single training sample, read off the last layer (iDLG, Zhao, Mopuri & Bilen 2020).
 *
 * With cross entropy the gradient of logit i is p_i − y_i: negative for the true class alone,
 * whatever the activation. The bias gradient is that number, and stays so, summed, over several
 * local steps on the same sample. Where a class's bias is encrypted, its weight gradients
 * (p_i − y_i)·h still tell the sign: h is known up to a factor from the classes whose bias is
 * exposed, and taken as non-negative (row sums) where none is. A class without any scored
 * coordinate is the label if it is the only one and no other is negative.
 *
 * @returns `undefined` when more than one class remains possible, for more than one sample, and when
 *   the last layer is not fully connected.
 */
export function inferLabel(
  layout: ParameterLayout,
  update: Pick<ObservedUpdate, 'gradient' | 'scored' | 'samples'>,
): number | undefined {
  const last = lastLayer(layout);
  if (!last || update.samples !== 1) return undefined;
  const signs = logitSigns(last, update);
  const negative = signs.flatMap((sign, label) => (sign < 0 ? [label] : []));
  if (negative.length > 0) return negative.length === 1 ? negative[0] : undefined;
  const open = signs.flatMap((sign, label) => (sign === 0 ? [label] : []));
  return open.length === 1 ? open[0] : undefined;
}

/** The labels of an update as the optimiser takes them: known, or `undefined` for soft ones. */
export function inferLabels(
  layout: ParameterLayout,
  update: Pick<ObservedUpdate, 'gradient' | 'scored' | 'samples'>,
): Int32Array | undefined {
  const label = inferLabel(layout, update);
  return label === undefined ? undefined : Int32Array.of(label);
}

interface LastLayer {
  /** [features, classes] */
  readonly weight: ParameterEntry;
  readonly bias: ParameterEntry | undefined;
}

function lastLayer(layout: ParameterLayout): LastLayer | undefined {
  const last = Math.max(...layout.entries.map(({ layer }) => layer));
  const entries = layout.entries.filter(({ layer }) => layer === last);
  const weight = entries.find(({ kind, shape }) => kind === 'weight' && shape.length === 2);
  return weight && { weight, bias: entries.find(({ kind }) => kind === 'bias') };
}

/** Sign of p_i − y_i per class; 0 = unknown. */
function logitSigns(
  { weight, bias }: LastLayer,
  { gradient, scored }: Pick<ObservedUpdate, 'gradient' | 'scored'>,
): number[] {
  const [features, classes] = weight.shape as [number, number];
  const scoredValue = (coordinate: number) =>
    scored[coordinate] === 1 ? (gradient[coordinate] as number) : 0;
  const weightGradient = (feature: number, label: number) =>
    scoredValue(weight.offset + feature * classes + label);

  const fromBias = Array.from({ length: classes }, (_, label) =>
    bias ? Math.sign(scoredValue(bias.offset + label)) : 0,
  );
  const anyBias = fromBias.some((sign) => sign !== 0);
  const direction = Float64Array.from({ length: features }, (_, feature) =>
    anyBias
      ? fromBias.reduce((sum, sign, label) => sum + sign * weightGradient(feature, label), 0)
      : 1,
  );
  return fromBias.map((sign, label) =>
    sign !== 0
      ? sign
      : Math.sign(
          direction.reduce((sum, h, feature) => sum + h * weightGradient(feature, label), 0),
        ),
  );
}
