import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { openEngine } from '../src/engine/choose.ts';
import { openCompiledEngine } from '../src/engine/compile/index.ts';
import type { Engine, Program } from '../src/engine/program.ts';
import { sideBySide } from '../src/engine/side-by-side.ts';
import { type Workload, workloads } from './engine-programs.ts';

/**
 * Entry of a measured process: `engine-contestant.ts WORKLOAD KIND`, KIND being the number of threads
 * of the compiled engine, `wasm`, or `all-cores`. Prints a line of JSON when it is ready, and one for
 * every line it reads, as engine-torch.py does.
 */

const [name = '', kind = ''] = process.argv.slice(2);
const workload = workloads[name] as Workload;
const cores = availableParallelism();

/** One timed run should last about this long. */
const RUN_MILLISECONDS = 400;
const MOST_STEPS = 500;

async function open(): Promise<Engine> {
  if (kind === 'wasm') return openEngine({ prefer: 'wasm' });
  const engine = await openCompiledEngine(
    kind === 'all-cores' ? { workers: cores } : { intraOpNumThreads: Number(kind) },
  );
  if ('unavailable' in engine) throw new Error(engine.unavailable);
  return engine;
}

interface Timing {
  readonly wall: number;
  readonly processor: number;
  readonly steps: number;
}

async function timed(steps: number, work: () => Promise<unknown>): Promise<Timing> {
  const [started, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  return {
    wall: (performance.now() - started) / steps,
    processor: (user + system) / 1e3 / steps,
    steps,
  };
}

/** Runs so many steps: one run, or two per core side by side. */
function runner(program: Program): (steps: number) => Promise<Timing> {
  if (kind !== 'all-cores')
    return (steps) => {
      const args = workload.arguments(steps);
      return timed(steps, () => program.run(args));
    };
  const runs = Array.from({ length: 2 * cores }, (_, at) => at);
  return (steps) => {
    const args = workload.arguments(steps);
    return timed(steps * runs.length, () =>
      sideBySide(
        runs,
        () => cores,
        () => program.run(args),
      ),
    );
  };
}

const tell = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);

const engine = await open();
const compileStarted = process.cpuUsage();
const program = await engine.compile(workload.definition);
const compiling = process.cpuUsage(compileStarted);
const run = runner(program);
await run(2);
const { wall } = await run(2);
const steps = Math.max(2, Math.min(MOST_STEPS, Math.round(RUN_MILLISECONDS / wall)));
tell({ ready: engine.reason, compile: (compiling.user + compiling.system) / 1e3 });

const delays = monitorEventLoopDelay({ resolution: 5 });
for await (const _ of createInterface({ input: process.stdin })) {
  delays.reset();
  delays.enable();
  const timing = await run(steps);
  delays.disable();
  const memory = process.resourceUsage().maxRSS / 1024;
  tell({ ...timing, memory, stall: delays.max / 1e6 });
}
