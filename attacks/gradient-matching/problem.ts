import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray, TensorSpec } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { ParameterEntry } from '../../src/models/layout.ts';
import type { Model } from '../../src/models/model.ts';
import { type DummyShape, dummyImages, dummyShape, dummyTargets } from './dummy.ts';
import { type LocalTraining, replayLocalTraining } from './local-training.ts';
import { type Objective, relativeDistance } from './objectives.ts';
import { type ObservedUpdate, trainingOf } from './observed-update.ts';

/** Everything a matching program is compiled for. */
export interface MatchingProblem extends LocalTraining {
  readonly dummy: DummyShape;
}

/** The problem an update poses; `labels` as far as the attacker knows them. */
export function matchingProblem(
  model: Model,
  update: ObservedUpdate,
  labels: Int32Array | undefined,
): MatchingProblem {
  return {
    ...trainingOf(model, update),
    dummy: dummyShape(model, update.samples, labels ? 'known' : 'soft'),
  };
}

/**
 * Shapes of a matching program's constants: start weights, observed update, scored parameters, scored
 * buffers (of a model with batch norm), labels.
 */
export function constantSpecs({ model, dummy }: MatchingProblem): TensorSpec[] {
  const float = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });
  return [
    ...model.layout.entries.map(({ shape }) => float(...shape)),
    float(model.layout.size),
    float(model.layout.size),
    ...(hasBuffers(model) ? [float(model.layout.size)] : []),
    ...(dummy.labels === 'known' ? [float(dummy.samples, dummy.classes)] : []),
  ];
}

/** The constants themselves, in the order of `constantSpecs`. */
export function constantValues(
  { model, dummy }: MatchingProblem,
  update: ObservedUpdate,
  labels: Int32Array | undefined,
): NdArray[] {
  const size = model.layout.size;
  const values: NdArray[] = [
    ...model.layout.split(update.start),
    { shape: [size], data: update.gradient },
    { shape: [size], data: scoredOf(model, update, ({ kind }) => kind !== 'buffer') },
  ];
  if (hasBuffers(model))
    values.push({ shape: [size], data: scoredOf(model, update, ({ kind }) => kind === 'buffer') });
  if (labels) {
    const oneHot = new Float32Array(dummy.samples * dummy.classes);
    labels.forEach((label, sample) => {
      oneHot[sample * dummy.classes + label] = 1;
    });
    values.push({ shape: [dummy.samples, dummy.classes], data: oneHot });
  }
  return values;
}

/**
 * Distance between the update a dummy vector causes and the observed one, over scored parameters. Where
 * running statistics of batch norm are scored, `statistics` times the mean relative squared distance of
 * their movements is added (Yin et al. 2021, GradInversion, eq. 8, whose statistics are the model's; here
 * a client's update shows how its own batch moved them).
 */
export function matchingCost(
  problem: MatchingProblem,
  objective: Objective,
  constants: readonly Tensor[],
  dummy: Tensor,
  statistics: number,
): Tensor {
  const { model } = problem;
  const tensors = model.layout.entries.length;
  const [observed, scored, ...rest] = constants.slice(tensors) as [Tensor, Tensor, ...Tensor[]];
  const buffers = hasBuffers(model) ? rest.shift() : undefined;
  const [labels] = rest;
  const gradient = replayLocalTraining(
    problem,
    constants.slice(0, tensors),
    dummyImages(problem.dummy, dummy),
    labels ?? dummyTargets(problem.dummy, dummy),
  );
  const match = objective(gradient, observed, scored);
  if (!buffers || statistics === 0) return match;
  // One statistic at a time: variances of deep layers are orders of magnitude smaller than means. Counters
  // of batches (scalars) move the same whatever the data.
  const distances = model.layout.entries
    .filter(({ kind, shape }) => kind === 'buffer' && shape.length > 0)
    .map(({ offset, size }) => {
      const part = (all: Tensor) => tf.slice(all, offset, size);
      return relativeDistance(part(gradient), part(observed), part(buffers));
    });
  return tf.add(match, tf.mul(statistics / distances.length, tf.addN(distances)));
}

function hasBuffers({ layout }: Model): boolean {
  return layout.entries.some(({ kind }) => kind === 'buffer');
}

/** 1 where a coordinate is scored and of the wanted kind. */
function scoredOf(
  { layout }: Model,
  { scored }: ObservedUpdate,
  wanted: (entry: ParameterEntry) => boolean,
): Float32Array {
  const values = new Float32Array(layout.size);
  for (const entry of layout.entries)
    if (wanted(entry))
      values.set(scored.subarray(entry.offset, entry.offset + entry.size), entry.offset);
  return values;
}
