import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray, TensorSpec } from '../../src/engine/program.ts';
import type { Model } from '../../src/models/model.ts';
import { type DummyShape, dummyImages, dummyShape, dummyTargets } from './dummy.ts';
import { type LocalTraining, replayLocalTraining } from './local-training.ts';
import type { Objective } from './objectives.ts';
import type { ObservedUpdate } from './observed-update.ts';

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
    model,
    localSteps: update.localSteps,
    batchSize: update.batchSize,
    learningRate: update.learningRate,
    dummy: dummyShape(model, update.samples, labels ? 'known' : 'soft'),
  };
}

/** Shapes of a matching program's constants: start weights, observed gradient, scored set, labels. */
export function constantSpecs({ model, dummy }: MatchingProblem): TensorSpec[] {
  const float = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });
  return [
    ...model.layout.entries.map(({ shape }) => float(...shape)),
    float(model.layout.size),
    float(model.layout.size),
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
    { shape: [size], data: Float32Array.from(update.scored) },
  ];
  if (labels) {
    const oneHot = new Float32Array(dummy.samples * dummy.classes);
    labels.forEach((label, sample) => {
      oneHot[sample * dummy.classes + label] = 1;
    });
    values.push({ shape: [dummy.samples, dummy.classes], data: oneHot });
  }
  return values;
}

/** Distance between the update a dummy vector causes and the observed one. */
export function matchingCost(
  problem: MatchingProblem,
  objective: Objective,
  constants: readonly Tensor[],
  dummy: Tensor,
): Tensor {
  const tensors = problem.model.layout.entries.length;
  const [observed, scored, labels] = constants.slice(tensors) as [Tensor, Tensor, Tensor?];
  const gradient = replayLocalTraining(
    problem,
    constants.slice(0, tensors),
    dummyImages(problem.dummy, dummy),
    labels ?? dummyTargets(problem.dummy, dummy),
  );
  return objective(gradient, observed, scored);
}
