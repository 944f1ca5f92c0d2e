import { describe, expect, test } from 'vitest';
import type { Engine, RunArguments } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { sgdStep } from '../../../../src/federation/programs.ts';
import { findModel } from '../../../../src/models/registry.ts';
import { normal } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

const engine = (await openTestEngine()) as Engine;
const MIB = 2 ** 20;

function trainingArguments(id: string, batch: number, steps: number): RunArguments {
  const model = findModel(id);
  const random = randomStream(id);
  const targets = new Float32Array(steps * batch * model.classes);
  for (let at = 0; at < steps * batch; at++)
    targets[at * model.classes + random.integer(model.classes)] = 1 / batch;
  return {
    steps,
    state: model.layout.split(model.initialize(random)),
    constants: [{ shape: [], data: Float32Array.of(0.01) }],
    perStep: [
      normal([steps, batch, ...model.inputShape], random),
      { shape: [steps, batch, model.classes], data: targets },
    ],
  };
}

describe.skipIf(!engine)('memory of compiled programs', () => {
  test('three thousand runs leave nothing behind', async () => {
    const program = await engine.compile(sgdStep(findModel('lenet-5'), 32));
    const args = trainingArguments('lenet-5', 32, 2);
    const settled = async (runs: number) => {
      for (let run = 0; run < runs; run++) await program.run(args);
      return process.memoryUsage().rss;
    };
    // The first runs fill arenas and the heap's nurseries.
    const before = await settled(1000);
    const after = await settled(3000);
    // A run's arguments and results are 2.6 MB: leaking one in a hundred would add 78 MB.
    expect((after - before) / MIB).toBeLessThan(64);
    program.dispose();
  });

  test('a training step of ResNet-18 on 32 images stays under 1.2 GB', async () => {
    const program = await engine.compile(sgdStep(findModel('resnet-18'), 32));
    const args = trainingArguments('resnet-18', 32, 1);
    for (let run = 0; run < 3; run++) await program.run(args);
    expect(process.memoryUsage().rss / 1e6).toBeLessThan(1200);
    program.dispose();
  });
});
