import { availableParallelism } from 'node:os';
import { openEngine } from '../src/engine/choose.ts';
import { openCompiledEngine } from '../src/engine/compile/index.ts';
import type { Engine, Program } from '../src/engine/program.ts';
import { sideBySide } from '../src/engine/side-by-side.ts';
import { type Workload, workloads } from './engine-programs.ts';
import { serveRounds, type Timing, timed } from './measured-process.ts';

/**
 * Entry of a measured process: `engine-contestant.ts WORKLOAD KIND`, KIND being the number of threads
 * of the compiled engine, `wasm`, or `all-cores`.
 */

const [name = '', kind = ''] = process.argv.slice(2);
const workload = workloads[name] as Workload;
const cores = availableParallelism();

/** One timed run should last about this long, as a client's local training does. */
const RUN_MILLISECONDS = 1500;
const FEWEST_STEPS = 4;
const MOST_STEPS = 2000;

async function open(): Promise<Engine> {
  if (kind === 'wasm') return openEngine({ prefer: 'wasm' });
  const engine = await openCompiledEngine(
    kind === 'all-cores' ? { workers: cores } : { intraOpNumThreads: Number(kind) },
  );
  if ('unavailable' in engine) throw new Error(engine.unavailable);
  return engine;
}

/** Runs so many steps: one run, or two per core side by side. */
function runner(program: Program): (steps: number) => Promise<Timing> {
  if (kind !== 'all-cores')
    return (steps) => {
      const args = workload.arguments(steps);
      return timed(async () => {
        await program.run(args);
        return steps;
      });
    };
  const runs = Array.from({ length: 2 * cores }, (_, at) => at);
  return (steps) => {
    const args = workload.arguments(steps);
    return timed(async () => {
      await sideBySide(
        runs,
        () => cores,
        () => program.run(args),
      );
      return steps * runs.length;
    });
  };
}

const engine = await open();
const compileStarted = process.cpuUsage();
const program = await engine.compile(workload.definition);
const compiling = process.cpuUsage(compileStarted);
const run = runner(program);
await run(2);
const { wall } = await run(2);
const steps = Math.max(FEWEST_STEPS, Math.min(MOST_STEPS, Math.round(RUN_MILLISECONDS / wall)));
const ready = { ready: engine.reason, compile: (compiling.user + compiling.system) / 1e3 };
await serveRounds(ready, () => run(steps));
