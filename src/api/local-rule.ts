/** How long one client trains in the whole experiment; what a privacy budget is spread over. */
export interface TrainingSchedule {
  /** |D^k|. */
  readonly samples: number;
  /** Expected batch size; every sample is in a batch with probability batchSize / samples. */
  readonly batchSize: number;
  /** Steps of one round. */
  readonly stepsPerRound: number;
  /** Rounds of the experiment that the client is drawn for, 1 or more. */
  readonly participations: number;
}

/**
 * DP-SGD in place of SGD: each sample's gradient is clipped to an L2 norm, and Gaussian noise is
 * added to their sum.
 *
 * Source: Abadi et al. 2016, "Deep Learning with Differential Privacy", Algorithm 1.
 */
export interface LocalRule {
  /** C, what a sample's gradient is clipped to, over all parameters together. */
  readonly clip: number;
  /** σ: the noise's standard deviation over C, for a client with this schedule. */
  noiseMultiplier(schedule: TrainingSchedule): number;
}
