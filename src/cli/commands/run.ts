import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { DEVICES, type DeviceChoice, requireDevice } from '../../engine/choose.ts';
import { metrics } from '../../metrics/registry.ts';
import { packageFolder } from '../../platform/import-module.ts';
import { prepareRun } from '../../run/prepare.ts';
import { type FinishedRun, runExperiment } from '../../run/run-experiment.ts';
import { stringifyJson } from '../../store/json.ts';
import { EXIT, UsageError } from '../errors.ts';
import { crossedGates, parseGate, requireKnownNames } from '../gate.ts';
import { interruptible } from '../interruptible.ts';
import { openDisplay } from '../progress-display.ts';
import { registered } from '../registered.ts';
import { verdictTable } from '../verdict-table.ts';

interface RunArguments {
  spec: string;
  runs: string;
  jobs: number;
  memory?: number | undefined;
  device?: DeviceChoice | undefined;
  failIf?: string[] | undefined;
  json: boolean;
}

/** Options that `run` and `plan` share. */
export function runOptions<T>(yargs: Argv<T>) {
  return yargs
    .positional('spec', {
      type: 'string',
      default: join(packageFolder, 'experiments/quickstart.yaml'),
      defaultDescription: 'the quickstart',
      describe: 'experiment in YAML, JSON or TypeScript',
    })
    .option('runs', { type: 'string', default: 'runs', describe: 'folder of all runs' })
    .option('jobs', {
      alias: 'j',
      type: 'number',
      default: availableParallelism(),
      describe: 'processes at a time',
    })
    .check(({ jobs }) => {
      if (!Number.isInteger(jobs) || jobs < 1)
        throw new UsageError('--jobs must be a whole number from 1.');
      return true;
    });
}

export const run: CommandModule<object, RunArguments> = {
  command: 'run [spec]',
  describe: 'run an experiment, or go on with one that was interrupted',
  builder: (yargs) =>
    runOptions(yargs)
      .option('memory', {
        type: 'number',
        describe: 'GiB of memory one process may use (default: its share of 85 % of all)',
      })
      .option('device', {
        choices: DEVICES,
        describe: 'where programs run; auto: on the GPU where there is one (default: cpu)',
      })
      .option('fail-if', {
        type: 'string',
        array: true,
        describe: "exit with 3 if a score is beyond a limit, e.g. 'loss-threshold.auc > 0.6'",
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'print results.json on stdout instead of the verdict',
      })
      .check(({ memory }) => {
        if (memory !== undefined && !(memory > 0))
          throw new UsageError('--memory must be a number of GiB above 0.');
        return true;
      })
      .example('$0 run', 'the quickstart: MaskCrypt against a random mask on MNIST')
      .example('$0 run my.yaml --jobs 1', 'one process at a time')
      .example(
        "$0 run my.yaml --fail-if 'maskcrypt: ml-leaks.auc > 0.55'",
        'a gate for continuous integration, on one defense',
      ) as unknown as Argv<RunArguments>,
  handler: async (args) => {
    const gates = (args.failIf ?? []).map(parseGate);
    const prepared = await prepareRun(args.spec, registered);
    const experiments = [prepared, ...prepared.also];
    requireKnownNames(gates, {
      attacks: experiments.flatMap(({ specification }) =>
        specification.attacks.map(({ id }) => id),
      ),
      metrics: metrics.map(({ meta }) => meta.id),
      defenses: experiments.flatMap(({ cells }) =>
        cells.flatMap(({ row, defense }) => [defense.id, row]),
      ),
    });
    if (args.device) await useDevice(args.device);
    const display = openDisplay(process.stderr);
    const { signal, release } = interruptible();
    let finished: FinishedRun;
    try {
      finished = await runExperiment(prepared, {
        runs: args.runs,
        jobs: args.jobs,
        memoryBytes: args.memory && args.memory * 2 ** 30,
        signal,
        onProgress: (progress) => display.update(progress),
        notice: (message) => display.notice(message),
      });
    } finally {
      release();
      await display.close();
    }
    const { results, folder, failures } = finished;
    const path = (name: string) => relative(process.cwd(), folder.file(name));
    process.stdout.write(args.json ? stringifyJson(results) : `${verdictTable(results)}\n`);
    process.stderr.write(`\nReport: ${path('report.html')}\n`);
    const crossed = crossedGates(gates, results);
    for (const line of crossed) process.stderr.write(`Gate: ${line}\n`);
    if (failures > 0) {
      process.stderr.write(
        `${failures === 1 ? '1 cell or attack' : `${failures} cells or attacks`} failed. The report names them, ${path('logs')} has the details; the same command tries them again.\n`,
      );
      process.exitCode = EXIT.failed;
    } else if (crossed.length > 0) process.exitCode = EXIT.gate;
  },
};

/** The processes of the run take over this one's environment. */
async function useDevice(device: DeviceChoice): Promise<void> {
  await requireDevice(device);
  process.env.HEFL_DEVICE = device;
}
