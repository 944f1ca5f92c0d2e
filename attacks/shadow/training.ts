import { z } from 'zod';
import type { ServerView } from '../../src/view/server-view.ts';

/** Parameters of every attack that trains models of its own. */
export const shadowTrainingParams = {
  epochs: z
    .int()
    .min(1)
    .default(20)
    .describe(
      "passes over the training data of such a model; in the loop the clients' local epochs",
    ),
  learningRate: z
    .number()
    .positive()
    .optional()
    .describe("its SGD step size; by default the clients' (public)"),
  batchSize: z.int().min(1).optional().describe("its batch size; by default the clients' (public)"),
};

/** What those parameters say once parsed. */
export interface ShadowTrainingParams {
  readonly epochs: number;
  readonly learningRate?: number | undefined;
  readonly batchSize?: number | undefined;
}

/** How a model of the attacker's own is trained. */
export interface SgdSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** As a client trains, where the parameters don't say otherwise. */
export function likeClients(
  params: ShadowTrainingParams,
  { hyper }: Pick<ServerView, 'hyper'>,
): SgdSettings {
  return {
    epochs: params.epochs,
    batchSize: params.batchSize ?? hyper.batchSize,
    learningRate: params.learningRate ?? hyper.learningRate,
  };
}
