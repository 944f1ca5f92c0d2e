import { z } from 'zod';
import { shadowTrainingParams } from './training.ts';

/** Parameters of the attacks that compare with reference models (LiRA, RMIA). */
export const referenceParams = {
  ...shadowTrainingParams,
  references: z
    .int()
    .min(4)
    .multipleOf(2)
    .default(16)
    .describe('reference models; each sample is in the training of half of them'),
};

/** What those models may be trained on. */
export const referenceMode = z
  .enum(['online', 'offline'])
  .describe(
    "`online`: on the attacker's own samples and the candidates, each in half of the models; `offline`: on its own samples only",
  );
