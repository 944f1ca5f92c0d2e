import type { Argv, CommandModule } from 'yargs';
import { estimate } from '../../run/estimate.ts';
import { prepareRun } from '../../run/prepare.ts';
import { formatDuration, formatMemory } from '../duration.ts';
import { registered } from '../registered.ts';
import { textTable } from '../text-table.ts';
import { runOptions } from './run.ts';

interface PlanArguments {
  spec: string;
  runs: string;
  jobs: number;
  json: boolean;
}

export const plan: CommandModule<object, PlanArguments> = {
  command: 'plan [spec]',
  describe: 'show the cells of an experiment, and how long and how much memory they may take',
  builder: (yargs) =>
    runOptions(yargs).option('json', {
      type: 'boolean',
      default: false,
      describe: 'print the plan as JSON',
    }) as unknown as Argv<PlanArguments>,
  handler: async ({ spec, runs, jobs, json }) => {
    const prepared = await prepareRun(spec, registered);
    const { specification, cells, also } = prepared;
    const expected = estimate(prepared, { runs, jobs });
    if (json) {
      process.stdout.write(
        `${JSON.stringify(
          {
            ...{ specification, cells },
            ...(also.length > 0 && { also: also.map((other) => ({ cells: other.cells })) }),
            estimate: expected,
          },
          null,
          2,
        )}\n`,
      );
      return;
    }
    const several = also.length > 0;
    const rows = [prepared, ...also].flatMap(({ specification: { name }, cells }) =>
      cells.map(({ row, seed, hash }) => [...(several ? [name] : []), row, String(seed), hash]),
    );
    const tasks = expected.tasks.map(({ what, count, seconds }) => [
      what,
      String(count),
      seconds === undefined ? 'not measured yet' : `${formatDuration(seconds)} each`,
    ]);
    process.stdout.write(
      `${[
        `${specification.title} (runs/${specification.name})`,
        textTable(
          [[...(several ? ['experiment'] : []), 'defense', 'seed', 'cell'], ...rows],
          [...(several ? [false] : []), false, true],
        ),
        textTable([['task', 'count', 'time'], ...tasks], [false, true]),
        expected.seconds === undefined
          ? `Time: not known until one run has measured every task here; limits.cellSeconds stops any task after ${formatDuration(specification.limits.cellSeconds)}.`
          : `Time: at most about ${formatDuration(expected.seconds)} with ${jobs} processes; attacks that see the same in several cells run once.`,
        expected.peakBytes === undefined
          ? 'Memory: not measured yet.'
          : `Memory: up to ${formatMemory(expected.peakBytes * jobs)} for ${jobs} processes.`,
      ].join('\n\n')}\n`,
    );
  },
};
