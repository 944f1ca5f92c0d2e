import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('./distilgpt2-training.ts', import.meta.url));

test('a DistilGPT2 trains in micro-batches within 4 GB, and learns', async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--import', import.meta.resolve('tsx'), script]);
  const { before, after, micro, peakBytes, cpuSecondsPerMicroBatch } = JSON.parse(stdout);
  console.log(
    `${(peakBytes / 1e9).toFixed(2)} GB at most, ${cpuSecondsPerMicroBatch.toFixed(1)} s of processor time per micro-batch of ${micro}`,
  );
  // Untrained: about ln 50,257, the loss of a uniform guess.
  expect(Math.abs(before - Math.log(50_257))).toBeLessThan(0.5);
  expect(after).toBeLessThan(before - 0.5);
  expect(peakBytes).toBeLessThan(4e9);
});
