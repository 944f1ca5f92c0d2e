import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { processEntry, startWorker } from '../../../src/platform/worker-entry.ts';

const folder = mkdtempSync(join(fileURLToPath(new URL('.', import.meta.url)), 'entry-'));
const importer = pathToFileURL(join(folder, 'starter.ts')).href;
afterAll(() => rmSync(folder, { recursive: true }));

test('a worker thread starts from a TypeScript source and gets its data', async () => {
  writeFileSync(
    join(folder, 'worker.ts'),
    `import { parentPort, workerData } from 'node:worker_threads';
     const doubled: number = workerData * 2; parentPort?.postMessage(doubled);`,
  );
  const worker = startWorker('./worker', importer, { workerData: 21 });
  const [message] = await once(worker, 'message');
  expect(message).toBe(42);
  await worker.terminate();
});

test('a process starts from a TypeScript source', async () => {
  writeFileSync(
    join(folder, 'child.ts'),
    'const ready: string = "ready"; process.send?.(ready); process.disconnect();',
  );
  const { path, execArgv } = processEntry('./child', importer);
  const child = fork(path, { execArgv });
  const [message] = await once(child, 'message');
  expect(message).toBe('ready');
});
