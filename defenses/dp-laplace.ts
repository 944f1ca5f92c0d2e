import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { laplaceNoise, laplaceScale } from './laplace.ts';

/** Plain FedAvg of noisy models: local differential privacy without encryption. */
export const dpLaplace = defineDefense({
  meta: {
    id: 'dp-laplace',
    version: 1,
    title: 'Laplace noise on updates',
    source:
      'FedML-HE (2023), §3: Laplace noise of scale b on what is sent in plaintext, here everything; its combination with selective encryption is fedml-he’s and random’s parameter `laplace`. The paper gives no b and bounds no sensitivity: updates are not clipped, so that b is a scale, not a budget.',
    params: z.strictObject({ scale: laplaceScale.default(0.01) }),
  },
  keys: () => ({ setup: 'none' }),
  scheme: () => 'plain',
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size),
  },
  perturb: ({ scale }) => laplaceNoise(scale),
  serverLearns: () => 'aggregate',
  targetRatio: () => 0,
  trust: {
    encrypted: 'nothing',
    key: 'none',
    serverLearns: 'every update under noise of scale b, and every global model',
    brokenBy: 'nobody, as far as the noise hides; whoever reads the traffic sees noisy updates',
  },
});
