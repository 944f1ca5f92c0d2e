import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { StageName } from '../../../src/run/task-queue.ts';
import { TaskQueue } from '../../../src/run/task-queue.ts';

const folder = mkdtempSync(join(tmpdir(), 'hefl-queue-'));
const path = join(folder, 'child.mjs');
writeFileSync(
  path,
  `
  const tell = (message) => process.send(message);
  const granted = new Map();
  let stop;
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ type, task, key, cores }) => {
    if (type === 'cores') return stop && tell({ type: 'progress', fraction: cores });
    if (type === 'granted') return granted.get(key)();
    if (type === 'abort') return stop?.();
    if (task.do === 'echo') tell({ type: 'done', result: { pid: process.pid, value: task.value } });
    if (task.do === 'progress') { tell({ type: 'progress', fraction: .5 }); tell({ type: 'done' }); }
    if (task.do === 'fail') tell({ type: 'failed', failure: { code: 'x', message: 'm', hint: 'h', details: '' } });
    if (task.do === 'die') { console.error('last words'); process.kill(process.pid, 'SIGSEGV'); }
    if (task.do === 'exit') process.exit(3);
    if (task.do === 'hang') for (;;);
    if (task.do === 'wait') stop = () => tell({ type: 'failed', failure: { code: 'abort' } });
    if (task.do === 'eat') { const all = []; for (let n = 0; n < 40; n++) { all.push(Buffer.alloc(2 ** 25, 1)); await new Promise((r) => setTimeout(r, 50)); } tell({ type: 'done' }); }
    if (task.do === 'claim') {
      const mine = new Promise((resolve) => granted.set('k', resolve));
      tell({ type: 'claim', key: 'k' });
      await mine;
      tell({ type: 'progress', fraction: process.pid });
      if (task.die) process.exit(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      tell({ type: 'progress', fraction: -process.pid });
      tell({ type: 'release', key: 'k' });
      tell({ type: 'done', result: process.pid });
    }
  });`,
);
afterAll(() => rmSync(folder, { recursive: true }));

let queue: TaskQueue;
afterEach(() => queue.stop());

function open(options: { jobs?: number; memoryBytes?: number; tasksPerProcess?: number } = {}) {
  queue = new TaskQueue({
    entry: { path: pathToFileURL(path), execArgv: [] },
    jobs: 1,
    memoryBytes: 2 ** 31,
    tasksPerProcess: 100,
    ...options,
  });
}

function run(
  payload: unknown,
  more: { stage?: StageName; seconds?: number; limit?: number; log?: (x: number) => void } = {},
) {
  return queue.run({
    stage: more.stage ?? 'attack',
    payload,
    limitSeconds: more.limit ?? 60,
    expectedSeconds: () => more.seconds,
    started: () => undefined,
    progress: (fraction) => more.log?.(fraction),
  });
}

test('cores that no task needs go to the processes at work, and back when tasks come', async () => {
  open({ jobs: 4 });
  const cores: number[] = [];
  const told = () => new Promise<void>((resolve) => (heard = resolve));
  let heard = () => {};
  const log = (count: number) => {
    cores.push(count);
    heard();
  };
  const alone = told();
  const first = run({ do: 'wait' }, { log });
  await alone;
  expect(cores).toEqual([4]);
  const shared = told();
  const others = [1, 2, 3, 4].map((value) => run({ do: 'echo', value }));
  await shared;
  expect(cores).toEqual([4, 1]);
  await Promise.all(others);
  while (cores.at(-1) !== 4) await told();
  queue.stop();
  expect(cores.at(-1)).toBe(4);
  expect(await first).toEqual({ status: 'stopped' });
});

test('a process is used again, and replaced after its share of tasks', async () => {
  open({ tasksPerProcess: 2 });
  const pids: unknown[] = [];
  for (const value of [1, 2, 3]) {
    const ending = await run({ do: 'echo', value });
    expect(ending).toMatchObject({ status: 'done', result: { value } });
    if (ending.status === 'done') pids.push((ending.result as { pid: number }).pid);
  }
  expect(pids[0]).toBe(pids[1]);
  expect(pids[2]).not.toBe(pids[0]);
});

test('a failing task leaves its process to the next one', async () => {
  open();
  expect(await run({ do: 'fail' })).toEqual({
    status: 'failed',
    failure: { code: 'x', message: 'm', hint: 'h', details: '' },
  });
  expect(await run({ do: 'echo' })).toMatchObject({ status: 'done' });
});

test('a crash is one failed task with its last words; the queue goes on', async () => {
  open();
  const [died, after] = await Promise.all([run({ do: 'die' }), run({ do: 'echo' })]);
  expect(died).toMatchObject({
    status: 'failed',
    failure: { code: 'crashed', details: 'last words\n' },
  });
  expect(died).toHaveProperty('failure.message', expect.stringContaining('SIGSEGV'));
  expect(after).toMatchObject({ status: 'done' });
  expect(await run({ do: 'exit' })).toHaveProperty(
    'failure.message',
    expect.stringContaining('exit code 3'),
  );
});

test('a task over its time ends, whether it listens or not', async () => {
  open({ jobs: 2 });
  const timedOut = { status: 'timed-out', limitSeconds: 0.3 };
  const endings = await Promise.all([
    run({ do: 'wait' }, { limit: 0.3 }),
    run({ do: 'hang' }, { limit: 0.3 }),
  ]);
  expect(endings).toEqual([timedOut, timedOut]);
});

test.runIf(process.platform === 'linux')('a process over its memory is ended', async () => {
  open({ memoryBytes: 2 ** 28 });
  expect(await run({ do: 'eat' })).toHaveProperty('failure.code', 'out-of-memory');
});

test('earlier stages go first, then unknown and long tasks', async () => {
  open();
  const order: string[] = [];
  const named = (name: string, stage: StageName, seconds?: number) =>
    run(
      { do: 'progress' },
      { stage, ...(seconds !== undefined && { seconds }), log: () => order.push(name) },
    );
  await Promise.all([
    named('short attack', 'attack', 1),
    named('long attack', 'attack', 9),
    named('unknown attack', 'attack'),
    named('results', 'results', 99),
    named('trajectory', 'trajectory', 0.1),
  ]);
  expect(order).toEqual(['trajectory', 'unknown attack', 'long attack', 'short attack', 'results']);
});

test('a shared value is computed by one process at a time, also after its owner dies', async () => {
  open({ jobs: 2 });
  const events: number[] = [];
  const log = (x: number) => events.push(x);
  await Promise.all([run({ do: 'claim' }, { log }), run({ do: 'claim' }, { log })]);
  expect(events).toHaveLength(4);
  expect(events[1]).toBe(-(events[0] as number));
  expect(events[3]).toBe(-(events[2] as number));
  const [, second] = await Promise.all([run({ do: 'claim', die: true }), run({ do: 'claim' })]);
  expect(second).toMatchObject({ status: 'done' });
});

test('stopping ends running and waiting tasks', async () => {
  open();
  const endings = [run({ do: 'hang' }), run({ do: 'echo' })];
  await new Promise((resolve) => setTimeout(resolve, 200));
  queue.stop();
  expect(await Promise.all(endings)).toEqual([{ status: 'stopped' }, { status: 'stopped' }]);
  expect(await run({ do: 'echo' })).toEqual({ status: 'stopped' });
});
