import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { textTable } from '../src/cli/text-table.ts';
import { attackCases } from './attacks-cases.ts';
import {
  Contestant,
  type Measured,
  machineName,
  takeTurns,
  together,
  torchProcesses,
  torchVersion,
} from './engine.ts';

/** One attack; milliseconds per iteration on one image. */
interface Row {
  readonly name: string;
  readonly title: string;
  /** Several images at once, as a run of the suite attacks them. */
  readonly suite: Measured;
  /** On the same engine, one image after the other, one iteration per call. */
  readonly oneAtATime: Measured;
  /** The same in the calling thread, without workers. */
  readonly inThread: Measured;
  /** A process per core. */
  readonly torch?: Measured;
}

/** How much faster the suite has to be. */
const WANTED = { oneAtATime: 2.5, torch: 5 };

const usage = 'npm run bench -- attacks [--only NAME,…] [--rounds 5] [--json FILE]';

/**
 * Measures how many image-iterations a second reconstruction attacks make. Every contestant has
 * processes of its own, and they take turns in every round.
 */
export async function benchAttacks(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const names = values.only?.split(',') ?? Object.keys(attackCases);
  if (names.some((name) => !(name in attackCases)) || !(Number.isInteger(rounds) && rounds >= 1))
    throw new Error(`Usage: ${usage}. Names: ${Object.keys(attackCases).join(', ')}.`);

  const torch = torchVersion();
  const machine = machineName();
  process.stderr.write(`${machine}; ${torch ?? 'python3 has no torch: its column stays empty'}\n`);
  const rows: Row[] = [];
  for (const name of names) {
    rows.push(await measure(name, rounds, torch !== undefined));
    process.stderr.write(`${rows.at(-1)?.title}: done\n`);
  }
  console.log(`${rateTable(rows, torch)}\n\n${targetTable(rows)}`);
  if (values.json)
    await writeFile(values.json, `${JSON.stringify({ machine, torch, rounds, rows }, null, 2)}\n`);
}

async function measure(name: string, rounds: number, hasTorch: boolean): Promise<Row> {
  const { title, torch: torchName } = attackCases[name] as (typeof attackCases)[string];
  const own = async (kind: string) => [
    await Contestant.entry('./attacks-contestant.ts', name, kind),
  ];
  const suite = await own('suite');
  const oneAtATime = await own('one-at-a-time');
  const inThread = await own('in-thread');
  const torch = hasTorch ? await torchProcesses(torchName, 'all') : [];
  await takeTurns([suite, oneAtATime, inThread, torch], rounds);
  return {
    ...{ name, title },
    suite: together(suite),
    oneAtATime: together(oneAtATime),
    inThread: together(inThread),
    ...(torch.length > 0 && { torch: together(torch) }),
  };
}

const rate = ({ wall }: Measured) => 1000 / wall;
const faster = ({ suite }: Row, other: Measured) => rate(suite) / rate(other);

/** Processor time stands beside the clock, since a busy machine disturbs only the latter. */
function rateTable(rows: readonly Row[], torch: string | undefined): string {
  const header = [
    ...['attack', 'how', 'image-iterations/s', 'suite is faster', 'cores busy'],
    ...['processor ms', 'MiB'],
  ];
  const lines = rows.flatMap((row) => {
    const line = (how: string, measured: Measured | undefined) =>
      measured
        ? [
            [
              row.title,
              how,
              rate(measured).toFixed(0),
              `${faster(row, measured).toFixed(2)}×`,
              (measured.processor / measured.wall).toFixed(2),
              measured.processor.toFixed(2),
              measured.memory.toFixed(0),
            ],
          ]
        : [];
    return [
      ...line('suite', row.suite),
      ...line('one image, one iteration per call', row.oneAtATime),
      ...line('the same without workers', row.inThread),
      ...line(`${torch}, a process per core`, row.torch),
    ];
  });
  return textTable([header, ...lines], [false, false, ...header.slice(2).map(() => true)]);
}

/**
 * By the clock, and what processor time promises of idle cores: one after another takes one core,
 * everything else all of them.
 */
function targetTable(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => {
    const target = (what: string, other: Measured | undefined, wanted: number, cores: number) => {
      if (!other) return [];
      const measured = faster(row, other);
      const idle = (availableParallelism() * other.processor) / (cores * row.suite.processor);
      const verdict = measured >= wanted ? 'reached' : 'MISSED';
      const ratios = [measured, idle].map((ratio) => `${ratio.toFixed(2)}×`);
      return [[`${row.title}: ${what}`, `≥ ${wanted}×`, ...ratios, verdict]];
    };
    return [
      ...target('one image, one iteration per call', row.oneAtATime, WANTED.oneAtATime, 1),
      ...target('PyTorch', row.torch, WANTED.torch, availableParallelism()),
    ];
  });
  const header = ['must be faster than', 'wanted', 'by the clock', 'if cores were idle', ''];
  return textTable([header, ...lines], [false, true, true, true, false]);
}
