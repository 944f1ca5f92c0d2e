import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import type { RunResults } from '../../api/results.ts';
import { didYouMean } from '../../platform/did-you-mean.ts';
import { packageFolder } from '../../platform/import-module.ts';
import type { Preset, Reproduction, TrainedPreset } from '../../reproduce/preset.ts';
import { findPreset, presets } from '../../reproduce/registry.ts';
import { prepareRun } from '../../run/prepare.ts';
import { runExperiment } from '../../run/run-experiment.ts';
import { EXIT, UsageError } from '../errors.ts';
import { interruptible } from '../interruptible.ts';
import { openDisplay } from '../progress-display.ts';
import { registered } from '../registered.ts';
import { textTable } from '../text-table.ts';

interface ReproduceArguments {
  item?: string | undefined;
  runs: string;
  jobs: number;
  json: boolean;
}

export const reproduce: CommandModule<object, ReproduceArguments> = {
  command: 'reproduce [item]',
  describe: "print a paper's published numbers beside ours",
  builder: (yargs) =>
    yargs
      .positional('item', { type: 'string', describe: 'paper/item; none: list them' })
      .option('runs', { type: 'string', default: 'runs', describe: 'folder of all runs' })
      .option('jobs', {
        alias: 'j',
        type: 'number',
        default: availableParallelism(),
        describe: 'processes at a time, for items that are trained',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print numbers as JSON' })
      .check(({ jobs }) => {
        if (!Number.isInteger(jobs) || jobs < 1)
          throw new UsageError('--jobs must be a whole number from 1.');
        return true;
      })
      .example('$0 reproduce', 'what can be reproduced')
      .example('$0 reproduce maskcrypt/fig-3', 'sizes of uploads, in seconds')
      .epilogue(
        'Exact items follow from shapes and from ciphertexts encrypted here. Trained ones run an experiment of the suite, and go on with it when it was interrupted.',
      ),
  handler: async (args) => {
    const { item, json } = args;
    if (item === undefined) {
      print(json ? presets.map(facts) : textTable(presets.map(listed)));
      return;
    }
    const ids = presets.map(({ id }) => id);
    if (!ids.includes(item))
      throw new UsageError(`There is no item "${item}"; ${didYouMean(item, ids)}`);
    const preset = findPreset(item);
    const shown =
      preset.kind === 'exact' ? await preset.reproduce() : preset.read(await train(preset, args));
    print(json ? { ...facts(preset), ...shown } : asText(preset, shown));
  },
};

/** Runs a preset's experiments, one after the other. */
async function train(
  { specifications }: TrainedPreset,
  { runs, jobs }: ReproduceArguments,
): Promise<RunResults[]> {
  const all: RunResults[] = [];
  for (const file of specifications) {
    const prepared = await prepareRun(join(packageFolder, 'experiments', file), registered);
    const display = openDisplay(process.stderr);
    const { signal, release } = interruptible();
    try {
      const { results, failures } = await runExperiment(prepared, {
        ...{ runs, jobs, signal },
        onProgress: (progress) => display.update(progress),
        notice: (message) => display.notice(message),
      });
      all.push(results);
      if (failures > 0) process.exitCode = EXIT.failed;
    } finally {
      release();
      await display.close();
    }
  }
  return all;
}

const facts = ({ id, title, source, kind }: Preset) => ({ id, title, source, kind });

const listed = ({ id, title, source, kind }: Preset) => [
  id,
  title,
  kind === 'exact' ? source : `${source}; trains`,
];

function asText(preset: Preset, { setting, rows, notes }: Reproduction): string {
  const table = textTable([
    ['', 'published', 'ours', 'difference'],
    ...rows.map(({ what, published, ours, comparison }) => [
      what,
      published ?? '–',
      ours,
      comparison,
    ]),
  ]);
  const remarks = rows.flatMap(({ what, note }) => (note ? [`${what}: ${note}`] : []));
  return [
    `${preset.source}, ${preset.title}`,
    setting.join('\n'),
    table,
    ...(remarks.length > 0 ? [remarks.join('\n')] : []),
    ...notes,
  ].join('\n\n');
}

function print(what: unknown): void {
  process.stdout.write(`${typeof what === 'string' ? what : JSON.stringify(what, null, 2)}\n`);
}
