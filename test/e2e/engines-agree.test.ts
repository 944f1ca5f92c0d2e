import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { engineFacts } from '../../src/engine/choose.ts';
import { temporaryFolder, tinySpecification, writeText } from './cli-process.ts';
import { runOn } from './run-on-engine.ts';
import { expectSameResults } from './same-results.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The quickstart in small: convolutions, every kind of program, both kinds of attack. */
const specification = writeText(
  join(folder, 'small.yaml'),
  tinySpecification({
    model: 'lenet-5',
    federation:
      '{ clients: 3, clientsPerRound: 2, rounds: 2, localEpochs: 2, batchSize: 10, learningRate: 0.05 }',
    defenses: '[none, { id: maskcrypt, ratio: 0.1 }]',
    attacks:
      '[loss-threshold, { id: dlg, iterations: 4 }, { id: inverting-gradients, iterations: 8 }]',
    adversaries: '[mask-aware]',
  }),
);

const hasRuntime = (await engineFacts()).some(
  ({ id, available }) => id === 'compiled' && available,
);

/**
 * What float32 noise may do, as a share of the score (or of 1, if that is more). Both engines add up
 * in another order, which makes some 1e-6 of a weight after 60 steps: no sample changes its class and
 * no pair of losses its order, unless they lie that close together. Inverting Gradients follows the
 * sign of its gradient, so a pixel whose gradient is noise (a black corner) goes another way; more
 * iterations carry that further.
 */
const NOISE: Readonly<Record<string, number>> = {
  'loss-threshold': 0,
  dlg: 1e-4,
  'inverting-gradients': 0.05,
};

test.skipIf(!hasRuntime)(
  'the compiled and the eager engine give the same results',
  async () => {
    const [compiled, eager] = [
      await runOn('compiled', specification),
      await runOn('wasm', specification),
    ];
    expectSameResults(compiled, eager, { accuracy: 0, scores: NOISE });
  },
  300_000,
);
