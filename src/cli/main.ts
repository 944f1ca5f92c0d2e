#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { heflVersion } from '../run/environment.ts';
import { data } from './commands/data.ts';
import { doctor } from './commands/doctor.ts';
import { list } from './commands/list.ts';
import { plan } from './commands/plan.ts';
import { report } from './commands/report.ts';
import { reproduce } from './commands/reproduce.ts';
import { run } from './commands/run.ts';
import { schema } from './commands/schema.ts';
import { search } from './commands/search.ts';
import { explain, UsageError } from './errors.ts';

const parser = yargs(hideBin(process.argv))
  .scriptName('hefl')
  .usage(
    '$0 <command>\n\nMeasures what a masking defense for encrypted federated learning hides, and what it costs.',
  )
  .command(run)
  .command(plan)
  .command(search)
  .command(report)
  .command(reproduce)
  .command(list)
  .command(schema)
  .command(data)
  .command(doctor)
  .completion('completion', 'print a script that completes commands in your shell')
  .option('verbose', {
    type: 'boolean',
    default: false,
    global: true,
    describe: 'show the stack of an error',
  })
  .example('$0 run experiments/quickstart.yaml', 'train, attack, and write an HTML report')
  .example('$0 plan my.yaml', 'see the cells of an experiment and how long they may take')
  .example('$0 list attacks', 'see what there is to choose from')
  .epilogue(
    'Exit codes: 0 done; 1 a cell or attack failed; 2 wrong usage or specification; 3 a --fail-if gate; 130 interrupted, the same command goes on.',
  )
  .demandCommand(1, 'Say what to do: hefl --help shows the commands.')
  .recommendCommands()
  .strict()
  .version(heflVersion)
  .alias('help', 'h')
  .wrap(Math.min(100, process.stderr.columns ?? 100))
  .exitProcess(false)
  .fail((message, error) => {
    throw error ?? new UsageError(message);
  });

try {
  await parser.parseAsync();
} catch (error) {
  const { paragraph, exitCode } = explain(error, process.argv.includes('--verbose'));
  process.stderr.write(`${paragraph}\n`);
  process.exitCode = exitCode;
}
