import { Worker } from 'node:worker_threads';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, test, vi } from 'vitest';
import {
  type CompiledEngineOptions,
  openCompiledEngine,
} from '../../../../src/engine/compile/index.ts';
import { ProgramPool } from '../../../../src/engine/pool/program-pool.ts';
import type { Engine, ProgramDefinition, RunArguments } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { normal } from '../compile/agreement.ts';
import { openTestEngine } from '../compile/open-test-engine.ts';

const hasRuntime = (await openTestEngine()) !== undefined;

async function open(options: CompiledEngineOptions): Promise<Engine> {
  const engine = await openCompiledEngine(options);
  if ('unavailable' in engine) throw new Error(engine.unavailable);
  return engine;
}

/** x ← tanh(x·w + noise), with the sum of x as output. */
const recurrence = (size: number): ProgramDefinition => ({
  name: `recurrence-${size}`,
  state: [{ shape: [size, size], dtype: 'float32' }],
  constants: [{ shape: [size, size], dtype: 'float32' }],
  perStep: [{ shape: [size], dtype: 'float32' }],
  step({ state, constants, perStep }) {
    const [x, w, noise] = [state[0], constants[0], perStep[0]] as [Tensor2D, Tensor2D, Tensor];
    const next = tf.tanh(tf.add(tf.matMul(x, w), noise));
    return { state: [next], outputs: [tf.sum(next)] };
  },
});

function argumentsOf(size: number, steps: number, seed: number): RunArguments {
  const random = randomStream(seed, size);
  return {
    steps,
    state: [normal([size, size], random)],
    constants: [normal([size, size], random)],
    perStep: [normal([steps, size], random)],
  };
}

/** Longer than any test waits for it. */
const ENDLESS = 2_000_000_000;
const counting: ProgramDefinition = {
  name: 'counting',
  state: [{ shape: [], dtype: 'int32' }],
  constants: [],
  perStep: [],
  step: ({ state }) => ({
    state: [tf.add(state[0] as Tensor, tf.scalar(1, 'int32'))],
    outputs: [],
  }),
};
const zero = { state: [{ shape: [], data: Int32Array.of(0) }] };

describe.skipIf(!hasRuntime)('a pool of workers', () => {
  test('results are bitwise those of this thread, however many workers there are', async () => {
    const [small, large] = [recurrence(5), recurrence(40)];
    const results = await Promise.all(
      [0, 1, 3].map(async (workers) => {
        const engine = await open({ workers });
        expect(engine.width).toBe(Math.max(1, workers));
        const programs = await Promise.all([small, large].map((item) => engine.compile(item)));
        const runs = Array.from({ length: 8 }, (_, at) =>
          programs[at % 2]?.run(argumentsOf(at % 2 === 0 ? 5 : 40, 3 + at, at)),
        );
        const finished = await Promise.all(runs);
        for (const program of programs) program.dispose();
        return finished;
      }),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test('programs compiled at once are traced in different turns of this thread’s event loop', async () => {
    const engine = await open({ workers: 1 });
    const events: string[] = [];
    const traced = (name: string): ProgramDefinition => ({
      ...counting,
      name,
      step(args) {
        events.push(name);
        return counting.step(args);
      },
    });
    const turn = () => {
      events.push('turn');
      turning = setImmediate(turn);
    };
    let turning = setImmediate(turn);
    const programs = await Promise.all([engine.compile(traced('a')), engine.compile(traced('b'))]);
    clearImmediate(turning);
    const [a, b] = [events.indexOf('a'), events.indexOf('b')];
    // Both models are then written, each in a turn again.
    expect(events.slice(a, b).filter((event) => event === 'turn').length).toBeGreaterThan(0);
    expect(events.slice(b).filter((event) => event === 'turn').length).toBeGreaterThan(1);
    for (const program of programs) program.dispose();
  });

  test('arguments stay the caller’s', async () => {
    const engine = await open({ workers: 1 });
    const program = await engine.compile(recurrence(5));
    const args = argumentsOf(5, 4, 1);
    const before = structuredClone(args);
    const [first, second] = [await program.run(args), await program.run(args)];
    expect(args).toEqual(before);
    expect(second).toEqual(first);
  });

  test('this thread goes on while a worker runs, and the run can be given up between its calls', async () => {
    const engine = await open({ workers: 1, chunkMilliseconds: 5 });
    const program = await engine.compile(counting);
    const controller = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 3) controller.abort(new Error('enough'));
    }, 1);
    const run = program.run({ ...zero, steps: ENDLESS, signal: controller.signal });
    await expect(run).rejects.toThrow('enough');
    clearInterval(timer);
    const after = await program.run({ ...zero, steps: 7 });
    expect([...(after.state[0]?.data ?? [])]).toEqual([7]);
  });

  test('a run that waits is given up without having begun; one that never may begin neither', async () => {
    const engine = await open({ workers: 1, chunkMilliseconds: 5 });
    const program = await engine.compile(counting);
    const [running, waiting] = [new AbortController(), new AbortController()];
    const first = program.run({ ...zero, steps: ENDLESS, signal: running.signal });
    const second = program.run({ ...zero, steps: ENDLESS, signal: waiting.signal });
    const third = program.run({ ...zero, steps: 2, signal: AbortSignal.abort(new Error('never')) });
    waiting.abort(new Error('no longer wanted'));
    await expect(second).rejects.toThrow('no longer wanted');
    await expect(third).rejects.toThrow('never');
    running.abort(new Error('stopped'));
    await expect(first).rejects.toThrow('stopped');
  });

  test('a wider pool begins what waited', async () => {
    const engine = await open({ workers: 1, chunkMilliseconds: 5 });
    const program = await engine.compile(counting);
    const controller = new AbortController();
    const endless = program.run({ ...zero, steps: ENDLESS, signal: controller.signal });
    const short = program.run({ ...zero, steps: 3 });
    engine.useCores(2);
    expect(engine.width).toBe(2);
    // It can't end behind the endless one.
    expect((await short).state[0]?.data[0]).toBe(3);
    controller.abort(new Error('stopped'));
    await expect(endless).rejects.toThrow('stopped');
    expect(() => engine.useCores(0)).toThrow(RangeError);
  });

  test('a model that cannot be opened fails alone, and programs can be disposed of', async () => {
    const pool = new ProgramPool(1, { device: 'cpu', intraOpNumThreads: 1, chunkMilliseconds: 5 });
    const broken = { name: 'broken', bytes: Uint8Array.of(1, 2, 3), inputs: new Set<string>() };
    await expect(pool.open({ ...broken, stateSize: 0 })).rejects.toThrow(/protobuf|model/i);
    await pool.close();

    const engine = await open({ workers: 2 });
    const program = await engine.compile(counting);
    await program.run({ ...zero, steps: 1 });
    program.dispose();
    await expect(program.run({ ...zero, steps: 1 })).rejects.toThrow('disposed');
    const again = await engine.compile(counting);
    expect((await again.run({ ...zero, steps: 4 })).state[0]?.data[0]).toBe(4);
  });

  test('a program that is disposed of ends its runs first, and is closed after them', async () => {
    const engine = await open({ workers: 1, chunkMilliseconds: 5 });
    const program = await engine.compile(counting);
    const sent = vi.spyOn(Worker.prototype, 'postMessage');
    const runs = [3, 4].map((steps) => program.run({ ...zero, steps }));
    program.dispose();
    const results = await Promise.all(runs);
    expect(results.map(({ state }) => state[0]?.data[0])).toEqual([3, 4]);
    const types = sent.mock.calls.map(([request]) => (request as { type: string }).type);
    expect(types).toEqual(['task', 'task', 'close']);
    sent.mockRestore();
  });

  test('a pool that is closed gives up what is under way', async () => {
    const pool = new ProgramPool(1, { device: 'cpu', intraOpNumThreads: 1, chunkMilliseconds: 5 });
    const broken = { name: 'broken', bytes: Uint8Array.of(1), inputs: new Set<string>() };
    const opening = pool.open({ ...broken, stateSize: 0 });
    const closing = expect(opening).rejects.toThrow('closed while it was working');
    await pool.close();
    await closing;
  });
});
