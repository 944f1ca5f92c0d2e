import type { CommandModule } from 'yargs';
import { z } from 'zod';
import type { Meta } from '../../api/meta.ts';
import { inflation, parameterSets } from '../../crypto/parameter-sets.ts';
import { datasetList } from '../../data/registry.ts';
import { metrics } from '../../metrics/registry.ts';
import { models } from '../../models/registry.ts';
import { adversaries } from '../../view/adversaries.ts';
import { defenseList } from '../defense-list.ts';
import { registered } from '../registered.ts';
import { schemeTable } from '../scheme-table.ts';
import { textTable } from '../text-table.ts';

/** One line of a list: what it is called, what it is, and more for those who ask with --json. */
interface Listed {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly [more: string]: unknown;
}

const pluginFacts = (meta: Meta<unknown>) => ({
  id: meta.id,
  version: meta.version,
  title: meta.title,
  about: meta.source,
  params: z.toJSONSchema(meta.params, { io: 'input', unrepresentable: 'any' }),
});

const lists = {
  defenses: () =>
    registered.defenses.map(({ meta, trust, keys, scheme }) => {
      const defaults = meta.params.parse({});
      return { ...pluginFacts(meta), keys: keys(defaults), scheme: scheme(defaults), trust };
    }),
  attacks: () =>
    registered.attacks.map(({ meta }) => ({
      ...pluginFacts(meta),
      kind: meta.kind,
      adversaries: meta.adversaries,
    })),
  adversaries: () => adversaries.map(({ knows, ...adversary }) => ({ ...adversary, about: knows })),
  metrics: () => metrics.map(({ meta: { source, ...meta } }) => ({ ...meta, about: source })),
  datasets: () =>
    datasetList().map((dataset) => ({
      ...dataset,
      about: `${dataset.trainSamples} + ${dataset.testSamples} samples, ${dataset.classes} classes${dataset.naturalClients ? `, each ${dataset.naturalClients} a natural client` : ''}${dataset.synthetic ? ', synthetic' : ''}`,
    })),
  models: () =>
    models.map(({ id, title, source, inputShape, classes, layout }) => ({
      ...{ id, title, inputShape, classes, parameters: layout.size },
      about: `${layout.size.toLocaleString('en')} parameters; ${source}`,
    })),
  schemes: () =>
    parameterSets.map((set) => ({ ...set, inflation: inflation(set), about: set.source })),
} satisfies Record<string, () => readonly Listed[]>;

type ListName = keyof typeof lists;
const names = Object.keys(lists) as ListName[];

export const list: CommandModule<object, { what: ListName; json: boolean }> = {
  command: 'list <what>',
  describe: `list ${names.join(', ')}`,
  builder: (yargs) =>
    yargs
      .positional('what', { choices: names, demandOption: true, describe: 'what to list' })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'everything that is known, parameters included',
      })
      .example(
        '$0 list defenses',
        'what each defense encrypts, under whose key, what is left to see',
      )
      .example('$0 list attacks --json', 'parameters and defaults of every attack'),
  handler: ({ what, json }) => {
    const items: readonly Listed[] = lists[what]();
    process.stdout.write(`${json ? JSON.stringify(items, null, 2) : readable(what, items)}\n`);
  },
};

function readable(what: ListName, items: readonly Listed[]): string {
  if (what === 'schemes') return schemeTable(parameterSets);
  if (what === 'defenses') return defenseList(registered.defenses);
  return textTable(items.map(({ id, title, about }) => [id, title, about]));
}
