import type { CommandModule } from 'yargs';
import { datasetList, loadDataset } from '../../data/registry.ts';
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
        describe: 'get it (data sets that come with the package are there already), or verify it',
      })
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe: 'data set (hefl list datasets)',
      })
      .example('$0 data verify mnist', 'compare every file with its published checksum'),
  handler: async ({ name }) => {
    const ids = datasetList().map(({ id }) => id);
    if (!ids.includes(name))
      throw new UsageError(`There is no data set "${name}"; ${didYouMean(name, ids)}`);
    // Loading a data set gets what is missing and verifies all of it.
    const { title, train, test, synthetic } = await loadDataset(name);
    process.stdout.write(
      `${title}: ${train.count} training and ${test.count} test samples${synthetic ? ', synthetic' : ', verified'}\n`,
    );
  },
};
