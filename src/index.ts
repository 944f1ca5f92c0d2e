/**
 * hefl-bench: how much a masking defense for encrypted federated learning hides, and what it costs.
 *
 * This is what plug-ins and experiments in TypeScript import; running them is `hefl run`.
 *
 * @example A defense of your own, named under `plugins:` in a specification
 * import { defineDefense, z } from 'hefl-bench';
 *
 * export default defineDefense({
 *   meta: {
 *     id: 'first-layer',
 *     version: 1,
 *     title: 'Encrypt the first layer',
 *     source: 'An example',
 *     params: z.strictObject({}),
 *   },
 *   keys: () => ({ setup: 'shared' }),
 *   scheme: () => 'ckks-tenseal',
 *   mask: {
 *     when: () => 'once',
 *     agree: ({ layout, size }) => {
 *       const mask = new Uint8Array(size);
 *       for (const { layer, offset, size: length } of layout.entries)
 *         if (layer === 0) mask.fill(1, offset, offset + length);
 *       return mask;
 *     },
 *   },
 *   serverLearns: () => 'aggregate',
 * });
 *
 * @module
 */

export { z } from 'zod';
export {
  type BogusParams,
  bogusParams,
  withBogusClients,
} from '../defenses/selection/bogus-masks.ts';
export { maskConsensus } from '../defenses/selection/consensus.ts';
export { topCoordinates } from '../defenses/selection/top-coordinates.ts';
export {
  type Attack,
  type AttackContext,
  type AttackKind,
  type AttackOutput,
  defineAttack,
  type KeyAnswer,
  type KeyOutput,
  type MembershipOutput,
  type MembershipScores,
  NotApplicable,
  type Reconstruction,
  type ReconstructionOutput,
  type RecoveredTokens,
  type TextOutput,
} from './api/attack.ts';
export {
  type Defense,
  defineDefense,
  type KeyUse,
  type LocalRule,
  type MaskPolicy,
  type MaskRound,
  type ModelWrapper,
  type Perturbation,
  type PerturbedUpdate,
  type ProposalFormat,
  type ProposingClient,
  type Rest,
  type TrainingSchedule,
  type Transformed,
  type TransformedClient,
  type TransformRound,
  type UpdateTransform,
  type Weighting,
} from './api/defense.ts';
export type { Meta } from './api/meta.ts';
export type { Interval, Metric, MetricValue } from './api/metric.ts';
export type * from './api/results.ts';
export type { KeySetupId, ParameterSetId } from './crypto/scheme.ts';
export type { LabelledSamples } from './data/dataset.ts';
export type {
  Engine,
  NdArray,
  Program,
  ProgramDefinition,
  RunArguments,
  RunResult,
  StepArguments,
  StepResult,
  TensorSpec,
} from './engine/program.ts';
export { type RandomStream, randomStream } from './engine/random.ts';
export { tf } from './engine/tensors.ts';
export { gptParameters } from './models/gpt/checkpoint.ts';
export { type GptSettings, gpt } from './models/gpt/gpt.ts';
export type { ParameterEntry, ParameterLayout } from './models/layout.ts';
export type { LanguageModelling, Model } from './models/model.ts';
export { decodeSafetensors, type StoredTensor } from './models/safetensors.ts';
export { defineExperiment } from './spec/define.ts';
export type { ExperimentInput } from './spec/written.ts';
export {
  type AdversaryId,
  type AdversaryKind,
  type Exposure,
  readingAdversaries,
} from './view/adversaries.ts';
export type {
  AuxiliaryKnowledge,
  MembershipTarget,
  ReconstructionTarget,
} from './view/auxiliary.ts';
export type { KeyEvidence, KeyEvidenceRecord, ShownCiphertext } from './view/key-evidence.ts';
export { type CoordinateSet, PartialVector } from './view/partial-vector.ts';
export type { RoundView, ServerView, Transmission } from './view/server-view.ts';
export type { ShadowClient } from './view/shadow.ts';
