import { expect, test, vi } from 'vitest';
import { openCompiledEngine } from '../../../../src/engine/compile/index.ts';

vi.mock('onnxruntime-node', () => {
  throw new Error('no such package');
});

test('without onnxruntime-node the engine says why it is unavailable and what to install', async () => {
  const engine = await openCompiledEngine();
  expect(engine).toHaveProperty('unavailable');
  expect((engine as { unavailable: string }).unavailable).toMatch(/npm install onnxruntime-node/);
});
