import { z } from 'zod';

export const mlLeaksParams = z.strictObject({
  epochs: z.int().min(1).default(20).describe('passes of the shadow model over its training half'),
  learningRate: z
    .number()
    .positive()
    .optional()
    .describe("the shadow model's SGD step size; by default the clients' (public)"),
  batchSize: z
    .int()
    .min(1)
    .optional()
    .describe("the shadow model's batch size; by default the clients' (public)"),
  hiddenUnits: z.int().min(1).default(64).describe('hidden units of the attack model'),
  attackIterations: z
    .int()
    .min(1)
    .default(400)
    .describe('full-batch Adam steps of the attack model'),
  attackLearningRate: z.number().positive().default(0.01).describe('its step size'),
});
export type MlLeaksParams = z.infer<typeof mlLeaksParams>;

/** Raised whenever the same input could give another output. */
export const ML_LEAKS_VERSION = 1;
