import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { writeFileAtomically } from '../../store/atomic-file.ts';
import { readResults } from '../../store/results-file.ts';
import { UsageError } from '../errors.ts';

interface ReportArguments {
  run: string;
  out?: string | undefined;
}

export const report: CommandModule<object, ReportArguments> = {
  command: 'report <run>',
  describe: 'write the HTML report of a finished run again',
  builder: (yargs) =>
    yargs
      .positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'folder of the run, or its name under runs/',
      })
      .option('out', {
        type: 'string',
        describe: 'file to write (default: report.html in the run folder)',
      }),
  handler: async ({ run, out }) => {
    const folder = [run, join('runs', run)].find((path) => existsSync(join(path, 'results.json')));
    if (!folder)
      throw new UsageError(
        `There is no finished run ${run}: neither ${join(run, 'results.json')} nor ${join('runs', run, 'results.json')} exists. Finish it with hefl run.`,
      );
    // Charts and images take a second to load; no other command needs them.
    const { renderReport } = await import('../../../reports/index.ts');
    const results = await readResults(join(folder, 'results.json'));
    const path = out ?? join(folder, 'report.html');
    await writeFileAtomically(resolve(path), await renderReport(results));
    process.stdout.write(`${path}\n`);
  },
};
