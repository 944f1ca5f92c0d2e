import { availableParallelism } from 'node:os';
import { openCompiledEngine } from '../src/engine/compile/index.ts';
import { sideBySide } from '../src/engine/side-by-side.ts';
import { type Workload, workloads } from './engine-programs.ts';
import { longestStall } from './stall-watch.ts';

/**
 * Entry of a measured process: `engine-stalls-process.ts WORKLOAD` compiles a program, as the first of
 * its process, and runs it side by side on a worker per core; prints how long the main thread stood still.
 */

const workload = workloads[process.argv[2] ?? ''] as Workload;
const workers = availableParallelism();
const engine = await openCompiledEngine({ workers });
if ('unavailable' in engine) throw new Error(engine.unavailable);
const args = workload.arguments(2);

const compiling = await longestStall(() => engine.compile(workload.definition));
// The engine keeps it: this is the same program.
const program = await engine.compile(workload.definition);
const runs = Array.from({ length: 2 * workers }, () => args);
const running = await longestStall(() =>
  sideBySide(runs, () => workers, program.run.bind(program)),
);
console.log(JSON.stringify({ compiling, running }));
