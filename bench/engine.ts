import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { parseArgs, promisify } from 'node:util';
import { openEngine } from '../src/engine/choose.ts';
import type { Engine, Program } from '../src/engine/program.ts';
import { type Workload, workloads } from './engine-programs.ts';

interface Measurement {
  readonly workload: string;
  readonly title: string;
  /** Milliseconds of processor time per step: median over the rounds. */
  readonly compiled: number;
  readonly eager: number;
  /** PyTorch on one thread, where Python has it. */
  readonly torch?: number;
  /** Milliseconds from the definition to a program that is ready to run. */
  readonly compileTime: number;
}

const usage = 'npm run bench -- engine [--only NAME,…] [--rounds 7] [--json FILE]';

/**
 * Compares the engines on the hot loops of the suite, one thread each. Engines take turns in every
 * round, and processor time is measured, so that whatever else the machine does meets all alike.
 */
export async function benchEngine(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '7' },
      json: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const names = values.only?.split(',') ?? Object.keys(workloads);
  const unknown = names.filter((name) => !(name in workloads));
  if (unknown.length > 0 || !(rounds >= 1))
    throw new Error(`Usage: ${usage}. Names: ${Object.keys(workloads).join(', ')}.`);

  const compiled = await openEngine({ prefer: 'compiled' });
  const eager = await openEngine({ prefer: 'wasm' });
  const torch = await openTorch();
  const measurements: Measurement[] = [];
  for (const name of names) {
    const workload = workloads[name] as Workload;
    measurements.push(await measure(name, workload, compiled, eager, torch, rounds));
    process.stderr.write(`${workload.title}: done\n`);
  }
  console.log(table(measurements));
  if (values.json) await writeFile(values.json, `${JSON.stringify(measurements, null, 2)}\n`);
}

/** One timed run should last about this long. */
const RUN_MILLISECONDS = 400;

async function measure(
  name: string,
  workload: Workload,
  compiled: Engine,
  eager: Engine,
  torch: TorchRunner | undefined,
  rounds: number,
): Promise<Measurement> {
  const started = performance.now();
  const fast = await compiled.compile(workload.definition);
  const compileTime = performance.now() - started;
  const slow = await eager.compile(workload.definition);
  const contestants = [await contestant(fast, workload), await contestant(slow, workload)];
  const times: number[][] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    for (const [at, run] of contestants.entries()) times[at]?.push(await run());
    if (torch) times[2]?.push(await torch(name));
  }
  fast.dispose();
  slow.dispose();
  const [compiledTimes, eagerTimes, torchTimes] = times as [number[], number[], number[]];
  return {
    workload: name,
    title: workload.title,
    compiled: median(compiledTimes),
    eager: median(eagerTimes),
    ...(torch && { torch: median(torchTimes) }),
    compileTime,
  };
}

/** A timed run, in processor milliseconds per step, of as many steps as make it long enough. */
async function contestant(program: Program, workload: Workload): Promise<() => Promise<number>> {
  const time = async (steps: number) => {
    const args = workload.arguments(steps);
    const started = process.cpuUsage();
    await program.run(args);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1e3 / steps;
  };
  await time(2);
  const perStep = await time(4);
  const steps = Math.max(2, Math.min(500, Math.round(RUN_MILLISECONDS / perStep)));
  await time(steps);
  return () => time(steps);
}

type TorchRunner = (workload: string) => Promise<number>;

/** The same programs in PyTorch on one thread, if `python3` has it. */
async function openTorch(): Promise<TorchRunner | undefined> {
  const python = promisify(execFile);
  try {
    await python('python3', ['-c', 'import torch']);
  } catch {
    process.stderr.write('python3 has no torch: its column stays empty\n');
    return undefined;
  }
  const script = new URL('./engine-torch.py', import.meta.url).pathname;
  return async (workload) => {
    const { stdout } = await python('python3', [script, workload]);
    return Number(stdout);
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted.at(middle - 1 + (sorted.length % 2)), sorted[middle]];
  return ((low as number) + (high as number)) / 2;
}

function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map(({ title, compiled, eager, torch, compileTime }) => [
    title,
    compiled.toFixed(2),
    eager.toFixed(2),
    (eager / compiled).toFixed(1),
    torch?.toFixed(2) ?? '',
    torch === undefined ? '' : (torch / compiled).toFixed(1),
    compileTime.toFixed(0),
  ]);
  const header = [
    'processor ms per step',
    'compiled',
    'wasm',
    'wasm/compiled',
    'torch',
    'torch/compiled',
    'compile ms',
  ];
  const widths = header.map((_, at) =>
    Math.max(...[header, ...rows].map((row) => row[at]?.length ?? 0)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, at) => {
          const width = widths[at] as number;
          return at === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  '),
    )
    .join('\n');
}
