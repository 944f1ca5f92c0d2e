import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { throughputs, type Workload, workloads } from './engine-programs.ts';
import { measureStalls, type Stalls, stallLines } from './engine-stalls.ts';

/** One row: a program at a number of threads, milliseconds per step. */
interface Row {
  readonly workload: string;
  readonly title: string;
  /** Inside an operation; `all` runs programs of one thread each side by side on every core. */
  readonly threads: number | 'all';
  readonly compiled: Measured;
  readonly torch?: Measured;
  readonly wasm?: Measured;
}

/** Medians over the rounds. */
export interface Measured {
  /** By the clock. */
  readonly wall: number;
  readonly processor: number;
  /** Peak resident memory, MiB. */
  readonly memory: number;
  /** Processor milliseconds from the definition to a program that is ready to run. */
  readonly compile?: number;
}

const usage =
  'npm run bench -- engine [--only NAME,…] [--threads 1,2,all] [--rounds 7] [--json FILE]';

/**
 * Compares the engines on the hot loops of the suite. Each has a process of its own, and they take
 * turns in every round, so that whatever else the machine does meets all alike; processor time is
 * measured beside the clock.
 */
export async function benchEngine(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      threads: { type: 'string', default: '1,2,all' },
      rounds: { type: 'string', default: '7' },
      json: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const names = values.only?.split(',') ?? Object.keys(workloads);
  const threads = values.threads.split(',').map((item) => (item === 'all' ? item : Number(item)));
  const unknown = names.filter((name) => !(name in workloads));
  const isWrong = threads.some((item) => item !== 'all' && !(Number(item) >= 1));
  if (unknown.length > 0 || isWrong || !(rounds >= 1))
    throw new Error(`Usage: ${usage}. Names: ${Object.keys(workloads).join(', ')}.`);

  const torch = torchVersion();
  const machine = machineName();
  process.stderr.write(`${machine}; ${torch ?? 'python3 has no torch: its column stays empty'}\n`);
  const rows: Row[] = [];
  for (const name of names)
    for (const count of threads) {
      if (count === 'all' && !(name in throughputs)) continue;
      rows.push(await measure(name, count, rounds, torch !== undefined));
      process.stderr.write(`${rows.at(-1)?.title}, threads: ${count}: done\n`);
    }
  console.log(table(rows, torch));
  const stalls: Stalls[] = [];
  for (const name of names) stalls.push(await measureStalls(name));
  console.log(`\n${laidOut(stallLines(stalls))}`);
  if (values.json)
    await writeFile(values.json, `${JSON.stringify({ machine, torch, rows, stalls }, null, 2)}\n`);
}

async function measure(
  name: string,
  threads: number | 'all',
  rounds: number,
  hasTorch: boolean,
): Promise<Row> {
  const { title, heavy } = workloads[name] as Workload;
  const isAlone = threads === 1 && !heavy;
  const contestants = {
    compiled: [await Contestant.compiled(name, threads === 'all' ? 'all-cores' : String(threads))],
    // PyTorch's loops run one after the other in a process, so it gets a process per core.
    torch: hasTorch ? await torchProcesses(name, threads) : [],
    wasm: isAlone ? [await Contestant.compiled(name, 'wasm')] : [],
  };
  const turns = Object.values(contestants).filter((processes) => processes.length > 0);
  await takeTurns(turns, rounds);
  const { compiled, torch, wasm } = contestants;
  return {
    workload: name,
    title: threads === 'all' ? (throughputs[name] as string) : title,
    threads,
    compiled: together(compiled),
    ...(torch.length > 0 && { torch: together(torch) }),
    ...(wasm.length > 0 && { wasm: together(wasm) }),
  };
}

/** So many rounds; the processes of one contestant run at the same time. Ends them all. */
export async function takeTurns(
  contestants: readonly (readonly Contestant[])[],
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const processes of contestants)
      await Promise.all(processes.map((process) => process.run()));
  for (const processes of contestants) for (const process of processes) process.end();
}

export function torchProcesses(name: string, threads: number | 'all'): Promise<Contestant[]> {
  const count = threads === 'all' ? availableParallelism() : 1;
  const perProcess = threads === 'all' ? 1 : threads;
  return Promise.all(
    Array.from({ length: count }, () => Contestant.torch(name, String(perProcess))),
  );
}

interface Reply {
  readonly wall: number;
  readonly processor: number;
  readonly memory: number;
}

/** A process that runs one workload whenever it is told to. */
export class Contestant {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly replies: Reply[] = [];
  compile: number | undefined;

  private constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const input = this.#child.stdout as NonNullable<ChildProcess['stdout']>;
    this.#lines = createInterface({ input })[Symbol.asyncIterator]();
  }

  static compiled(name: string, kind: string): Promise<Contestant> {
    return Contestant.entry('./engine-contestant.ts', name, kind);
  }

  /** An entry beside this file that calls `serveRounds`. */
  static entry(file: string, ...args: readonly string[]): Promise<Contestant> {
    const entry = fileURLToPath(new URL(file, import.meta.url));
    const hook = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    return new Contestant(process.execPath, ['--import', hook, entry, ...args]).#ready();
  }

  static torch(name: string, threads: string): Promise<Contestant> {
    const script = fileURLToPath(new URL('./engine-torch.py', import.meta.url));
    return new Contestant('python3', [script, name, threads]).#ready();
  }

  async #ready(): Promise<Contestant> {
    const { compile } = await this.#read<{ compile?: number }>();
    this.compile = compile;
    return this;
  }

  async run(): Promise<void> {
    this.#child.stdin?.write('run\n');
    this.replies.push(await this.#read<Reply>());
  }

  end(): void {
    this.#child.stdin?.end();
  }

  async #read<T>(): Promise<T> {
    const line = await this.#lines.next();
    if (!line.done) return JSON.parse(line.value) as T;
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    throw new Error(`a measured process ended with ${this.#child.exitCode}`);
  }
}

/** Several processes at once: their rates add up. */
export function together(processes: readonly Contestant[]): Measured {
  const rounds = processes[0]?.replies.length ?? 0;
  const perRound = (of: (reply: Reply) => number) =>
    median(
      Array.from({ length: rounds }, (_, round) =>
        of({
          wall: 1 / sum(processes.map(({ replies }) => 1 / (replies[round] as Reply).wall)),
          processor:
            sum(processes.map(({ replies }) => (replies[round] as Reply).processor)) /
            processes.length,
          memory: sum(processes.map(({ replies }) => (replies[round] as Reply).memory)),
        }),
      ),
    );
  const compile = processes[0]?.compile;
  return {
    wall: perRound(({ wall }) => wall),
    processor: perRound(({ processor }) => processor),
    memory: perRound(({ memory }) => memory),
    ...(compile !== undefined && { compile }),
  };
}

export function machineName(): string {
  return `${cpus()[0]?.model.trim() ?? process.arch}, ${availableParallelism()} cores`;
}

/** `torch 2.13.0` where `python3` has it. */
export function torchVersion(): string | undefined {
  try {
    const code = 'import torch; print("torch", torch.__version__)';
    return execFileSync('python3', ['-c', code], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined; // No Python, or none with torch: there is nothing to compare with.
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted.at(middle - 1 + (sorted.length % 2)), sorted[middle]];
  return ((low as number) + (high as number)) / 2;
}

function table(rows: readonly Row[], torch: string | undefined): string {
  const milliseconds = (value: number | undefined) =>
    value === undefined ? '' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
  const ratio = (a: number | undefined, b: number) => (a === undefined ? '' : (a / b).toFixed(2));
  const lines = rows.map((row) => {
    const { compiled, wasm } = row;
    return [
      row.title,
      String(row.threads),
      milliseconds(compiled.wall),
      milliseconds(row.torch?.wall),
      ratio(row.torch?.wall, compiled.wall),
      milliseconds(compiled.processor),
      milliseconds(row.torch?.processor),
      ratio(row.torch?.processor, compiled.processor),
      ratio(wasm?.processor, compiled.processor),
      row.threads === 'all' ? (1000 / compiled.wall).toFixed(0) : '',
      milliseconds(compiled.compile),
      compiled.memory.toFixed(0),
      row.torch?.memory.toFixed(0) ?? '',
    ];
  });
  const header = [
    `ms per step; against ${torch ?? 'no torch'}`,
    'threads',
    'clock',
    'torch',
    'ratio',
    'processor',
    'torch',
    'ratio',
    'wasm/compiled',
    'steps/s',
    'compile',
    'MiB',
    'torch MiB',
  ];
  return laidOut([header, ...lines]);
}

/** Lines of cells in columns, the first to the left. */
function laidOut(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, at) =>
    Math.max(...lines.map((line) => line[at]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, at) => {
          const width = widths[at] as number;
          return at === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  '),
    )
    .join('\n');
}
