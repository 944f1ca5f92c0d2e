import { afterEach, expect, test } from 'vitest';
import {
  engineFacts,
  openEngine,
  requireDevice,
  unavailableCuda,
} from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';

afterEach(() => {
  delete process.env.HEFL_ENGINE;
  delete process.env.HEFL_DEVICE;
});

test('the best available engine is chosen, and the facts say so', async () => {
  const facts = await engineFacts();
  expect(facts.map(({ id }) => id)).toEqual([
    'compiled',
    'tfjs-node-gpu',
    'tfjs-node',
    'wasm',
    'cpu',
  ]);
  const best = facts.find(({ available }) => available);
  expect(facts.filter(({ chosen }) => chosen)).toEqual([best]);
  for (const { about } of facts) expect(about.length).toBeGreaterThan(10);
  expect((await openEngine()).id).toBe(best?.id);
});

test('prefer and HEFL_ENGINE name an engine; the environment wins', async () => {
  expect((await openEngine({ prefer: 'cpu' })).id).toBe('cpu');
  process.env.HEFL_ENGINE = 'wasm';
  expect((await openEngine({ prefer: 'cpu' })).id).toBe('wasm');
  expect((await engineFacts({ prefer: 'cpu' })).find(({ chosen }) => chosen)?.id).toBe('wasm');
});

test('an engine that was asked for and is not there is an error, with the reason', async () => {
  const facts = await engineFacts();
  for (const { id, about } of facts.filter(({ available }) => !available)) {
    await expect(openEngine({ prefer: id })).rejects.toThrow(about);
    const named = (await engineFacts({ prefer: id })).filter(({ chosen }) => chosen);
    expect(named).toEqual([]);
  }
  process.env.HEFL_ENGINE = 'wsam';
  await expect(openEngine()).rejects.toThrow('HEFL_ENGINE=wsam is no engine: did you mean "wasm"?');
});

test('two engines of one process do not run on each other’s backend', async () => {
  const engines: Engine[] = [
    await openEngine({ prefer: 'wasm' }),
    await openEngine({ prefer: 'cpu' }),
  ];
  for (const engine of [...engines, ...engines]) {
    const program = await engine.compile({
      name: 'backend',
      state: [],
      constants: [{ shape: [2], dtype: 'float32' }],
      perStep: [],
      step: ({ constants }) => ({ state: [], outputs: [...constants] }),
    });
    const value = { shape: [2], data: Float32Array.of(1, 2) };
    const { outputs } = await program.run({ steps: 1, state: [], constants: [value] });
    expect(Array.from(outputs[0]?.data ?? [])).toEqual([1, 2]);
    const { tf } = await import('../../../src/engine/tensors.ts');
    expect(tf.getBackend()).toBe(engine.id);
  }
});

test('auto takes the GPU where it works and the CPU elsewhere; HEFL_DEVICE wins', async () => {
  const reason = await unavailableCuda();
  const onGpu = / cuda/;
  const automatic = await openEngine({ device: 'auto' });
  expect(onGpu.test(automatic.reason)).toBe(reason === undefined);
  process.env.HEFL_DEVICE = 'cpu';
  expect((await openEngine({ device: 'cuda' })).reason).not.toMatch(onGpu);
  process.env.HEFL_DEVICE = 'gpu';
  await expect(openEngine()).rejects.toThrow('HEFL_DEVICE=gpu is no device');
});

test('a GPU that was asked for and is not there is an error with the remedy', async () => {
  const reason = await unavailableCuda();
  if (reason === undefined) {
    await requireDevice('cuda');
    return;
  }
  for (const asking of [requireDevice('cuda'), openEngine({ device: 'cuda', prefer: 'compiled' })])
    await expect(asking).rejects.toThrow(/onnxruntime-node/);
  await expect(requireDevice('cuda')).rejects.toThrow(/--device cpu/);
  await expect(openEngine({ device: 'cuda' })).rejects.toThrow(/device cuda.*compiled: /s);
  await requireDevice('cpu');
  await requireDevice('auto');
});
