import type { ExperimentInput } from './written.ts';

/**
 * Types an experiment written in TypeScript; returns it unchanged.
 *
 * @example
 * export default defineExperiment({
 *   dataset: 'mnist',
 *   model: 'lenet-5',
 *   defenses: ['none', { id: 'maskcrypt', ratio: [0.05, 0.25] }],
 *   attacks: ['loss-threshold'],
 * });
 */
export function defineExperiment(experiment: ExperimentInput): ExperimentInput {
  return experiment;
}
