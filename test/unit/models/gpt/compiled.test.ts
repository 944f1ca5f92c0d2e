import { describe, expect, test } from 'vitest';
import { EagerEngine } from '../../../../src/engine/eager.ts';
import type { Engine } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { clientComputations } from '../../../../src/federation/client-computations.ts';
import { localTraining } from '../../../../src/federation/local-training.ts';
import { gpt } from '../../../../src/models/gpt/gpt.ts';
import { openTestEngine } from '../../engine/compile/open-test-engine.ts';

const engine = await openTestEngine();

describe.skipIf(!engine)('a compiled GPT', () => {
  const model = gpt({
    ...{ blocks: 2, heads: 2, width: 16, context: 8, vocabulary: 13 },
    ...{ id: 'compiled-gpt', title: '', head: 'duplicated' },
  });
  const random = randomStream(3, 'compiled-gpt');
  const draw = (count: number) => Array.from({ length: count }, () => random.integer(13));
  const samples = {
    ...{ count: 5, inputShape: [8] },
    ...{ inputs: Float32Array.from(draw(40)), labels: Int32Array.from(draw(5)) },
  };
  const start = model.initialize(randomStream(4));

  /** ‖a − b‖ / ‖b‖ */
  const distance = (a: Float32Array, b: Float32Array) =>
    Math.hypot(...a.map((value, at) => value - (b[at] as number))) / Math.hypot(...b);

  const onBoth = async (compute: (engine: Engine) => Promise<Float32Array>) =>
    distance(await compute(engine as Engine), await compute(new EagerEngine('cpu', 'cpu', '')));

  test('trains, differentiates and curves as on the CPU backend', async () => {
    const training = await onBoth(async (on) => {
      const trained = await localTraining(on, model, 2).train({
        ...{ start, samples, epochs: 3, learningRate: 0.5 },
        random: randomStream(5),
        signal: new AbortController().signal,
      });
      return trained.map((value, at) => value - (start[at] as number));
    });
    // Float32 on both sides, in another order of sums.
    expect(training).toBeLessThan(1e-4);
    for (const what of ['gradient', 'sensitivity', 'hessianGradient'] as const)
      expect(
        await onBoth((on) => clientComputations(on, model, 2)[what](start, samples)),
        what,
      ).toBeLessThan(1e-3);
  });
});
