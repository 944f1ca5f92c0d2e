import { relative } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { metrics } from '../../metrics/registry.ts';
import { didYouMean } from '../../platform/did-you-mean.ts';
import { type PreparedRun, prepareRun } from '../../run/prepare.ts';
import { type Evidence, type SearchResult, searchSmallestRatio } from '../../search/search.ts';
import { parseTarget, type Target } from '../../search/target.ts';
import type { PluginUse } from '../../spec/specification.ts';
import { stringifyJson } from '../../store/json.ts';
import {
  type AdversaryId,
  adversaries,
  findAdversary,
  parseAdversary,
} from '../../view/adversaries.ts';
import { EXIT, UsageError } from '../errors.ts';
import { interruptible } from '../interruptible.ts';
import { openDisplay } from '../progress-display.ts';
import { registered } from '../registered.ts';
import { textTable } from '../text-table.ts';
import { runOptions } from './run.ts';

interface SearchArguments {
  spec: string;
  runs: string;
  jobs: number;
  defense: string;
  attack: string;
  target: string;
  adversary?: string[] | undefined;
  from: number;
  to: number;
  step: number;
  json: boolean;
}

export const search: CommandModule<object, SearchArguments> = {
  command: 'search [spec]',
  describe: 'find the smallest encrypt ratio at which an attack misses its target',
  builder: (yargs) =>
    runOptions(yargs)
      .option('defense', {
        type: 'string',
        demandOption: true,
        describe: 'defense with a ratio; its other parameters as the experiment has them',
      })
      .option('attack', { type: 'string', demandOption: true, describe: 'attack to keep out' })
      .option('target', {
        type: 'string',
        demandOption: true,
        describe:
          "what the attack may reach: 'METRIC < VALUE', or 'METRIC < null + VALUE' from the best guess without a view",
      })
      .option('adversary', {
        type: 'string',
        array: true,
        describe:
          'adversaries to keep out (default: those of the experiment that are the server alone)',
      })
      .option('from', { type: 'number', default: 0, describe: 'smallest ratio to try' })
      .option('to', { type: 'number', default: 1, describe: 'largest ratio to try' })
      .option('step', { type: 'number', default: 0.01, describe: 'how exactly to find it' })
      .option('json', { type: 'boolean', default: false, describe: 'print the evidence as JSON' })
      .check(({ from, to, step }) => {
        if (!(from >= 0 && from <= to && to <= 1 && step > 0))
          throw new UsageError('Ratios need 0 ≤ --from ≤ --to ≤ 1 and a --step above 0.');
        return true;
      })
      .example(
        "$0 search my.yaml --defense maskcrypt --attack inverting-gradients --target 'psnr < null + 1 dB'",
        'the ratio a practitioner came for, with the evidence',
      )
      .epilogue(
        'Every ratio is run for real in runs/<name>-search-<defense>, whose report shows all of them; a ratio counts as safe when the whole interval of every adversary keeps the target. Bisection takes for granted that encrypting more protects no worse. Exit code 3: no ratio is safe.',
      ) as unknown as Argv<SearchArguments>,
  handler: async (args) => {
    const target = targetOf(args.target);
    const prepared = await prepareRun(args.spec, registered);
    const question = {
      defense: useOf('defense', args.defense, prepared),
      attack: useOf('attack', args.attack, prepared),
      adversaries: adversariesOf(args.adversary, prepared),
      target,
      range: { from: args.from, to: args.to, step: args.step },
    };
    const display = openDisplay(process.stderr);
    const { signal, release } = interruptible();
    let found: SearchResult;
    try {
      found = await searchSmallestRatio(prepared, question, {
        runs: args.runs,
        jobs: args.jobs,
        signal,
        onProgress: (progress) => display.update(progress),
        notice: (message) => display.notice(message),
        onEvidence: (evidence) => display.notice(lineOf(evidence, target)),
      });
    } finally {
      release();
      await display.close();
    }
    const { smallest, evidence, run } = found;
    process.stdout.write(
      args.json
        ? stringifyJson({ target: target.text, smallest: smallest ?? null, evidence })
        : `${evidenceTable(evidence, target)}\n\n${conclusion(found, args)}\n`,
    );
    const report = relative(process.cwd(), run.folder.file('report.html'));
    process.stderr.write(`\nReport: ${report}\n`);
    if (smallest === undefined) process.exitCode = EXIT.gate;
  },
};

function targetOf(text: string): Target {
  const target = parseTarget(text);
  const known = metrics.map(({ meta }) => meta.id);
  if (!known.includes(target.metric))
    throw new UsageError(
      `--target '${text}': there is no metric "${target.metric}"; ${didYouMean(target.metric, known)}`,
    );
  return target;
}

/** A defense or attack as the experiment has it, or with its defaults; of listed values the first. */
function useOf(kind: 'defense' | 'attack', id: string, prepared: PreparedRun): PluginUse {
  const { specification, plugins } = prepared;
  const known = kind === 'defense' ? plugins.defenses : plugins.attacks;
  const plugin = known.find(({ meta }) => meta.id === id);
  if (!plugin) {
    const ids = known.map(({ meta }) => meta.id);
    throw new UsageError(`There is no ${kind} "${id}"; ${didYouMean(id, ids)}`);
  }
  const uses = kind === 'defense' ? specification.defenses : specification.attacks;
  const written = uses.find((use) => use.id === id)?.params ?? {};
  const single = Object.fromEntries(
    Object.entries(written).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value]),
  );
  const params = plugin.meta.params.parse(single) as PluginUse['params'];
  if (kind === 'defense' && typeof params.ratio !== 'number')
    throw new UsageError(
      `${id} has no parameter "ratio" to search; hefl list defenses shows those that have.`,
    );
  return { id, params };
}

function adversariesOf(asked: readonly string[] | undefined, { specification }: PreparedRun) {
  for (const id of asked ?? [])
    if (!parseAdversary(id))
      throw new UsageError(
        `There is no adversary "${id}"; ${didYouMean(
          id,
          adversaries.map((known) => known.id),
        )}`,
      );
  return (
    asked ??
    specification.adversaries.filter((id) => findAdversary(id as AdversaryId).needs === 'server')
  );
}

const number = (value: number) => value.toFixed(3);

function lineOf({ ratio, safe, scores }: Evidence, { metric, operator }: Target): string {
  const worst = scores.find(({ reached }) => !reached) ?? scores[0];
  if (!worst) return `ratio ${ratio}`;
  const { adversary, value, limit } = worst;
  return `ratio ${ratio}: ${safe ? 'safe' : 'not safe'}; ${metric} ${number(value.value)} by ${adversary}, to be ${operator} ${number(limit)}`;
}

function evidenceTable(evidence: readonly Evidence[], { metric, operator }: Target): string {
  const rows = evidence.flatMap(({ ratio, realisedRatio, scores }) =>
    scores.map(({ adversary, value, limit, reached, reason, seeds }) => [
      String(ratio),
      number(realisedRatio),
      adversary,
      number(value.value),
      value.interval ? `${number(value.interval.low)} … ${number(value.interval.high)}` : '–',
      `${operator} ${number(limit)}`,
      `${value.n} (${seeds} ${seeds === 1 ? 'seed' : 'seeds'})`,
      reached ? 'yes' : `no${reason ? `: ${reason}` : ''}`,
    ]),
  );
  return textTable(
    [['ratio', 'realised', 'adversary', metric, '95 % interval', 'target', 'n', 'kept'], ...rows],
    [true, true, false, true],
  );
}

function conclusion(
  { smallest, evidence }: SearchResult,
  { defense, attack, to, step }: SearchArguments,
) {
  if (smallest === undefined)
    return `No ratio up to ${to} keeps the target: ${defense} does not keep ${attack} out here.`;
  const below = evidence.filter(({ ratio, safe }) => ratio < smallest && !safe).at(-1);
  const open = below ? `; at ${below.ratio} it does not hold` : '';
  const seeds = Math.min(...evidence.flatMap(({ scores }) => scores.map((score) => score.seeds)));
  const few = seeds < 5 ? ` Measured with ${seeds}; a published claim needs 5 seeds.` : '';
  return `Smallest safe ratio of ${defense} against ${attack}: ${smallest} (to within ${step}${open}).${few}`;
}
