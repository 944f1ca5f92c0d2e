import type { AdversaryDescription } from '../../src/api/results.ts';
import { formatCount, formatPlural, formatSeconds } from '../format.ts';
import type { ReportContext } from './context.ts';
import { formatSeeds } from './outcomes.ts';

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface Described {
  readonly title: string;
  readonly id: string;
  readonly text: string;
  readonly params: string;
}

export interface MethodSection {
  readonly setting: readonly Fact[];
  readonly environment: readonly Fact[];
  readonly defenses: readonly Described[];
  readonly adversaries: readonly (Described & { readonly standing: string })[];
  readonly attacks: readonly Described[];
  readonly metrics: readonly Described[];
  /** The frozen specification, pretty-printed. */
  readonly specification: string;
}

export function methodSection({ results }: ReportContext): MethodSection {
  const { dataset, model, environment } = results;
  return {
    setting: [
      {
        name: 'Data',
        value: `${dataset.title}: ${formatCount(dataset.members)} member and ${formatCount(dataset.nonMembers)} held-out samples${dataset.synthetic ? ' (synthetic)' : ''}`,
      },
      { name: 'Model', value: `${model.title}, ${formatCount(model.parameters)} parameters` },
      { name: 'Seeds', value: results.seeds.length === 0 ? 'none' : formatSeeds(results.seeds) },
      {
        name: 'Cells',
        value: `${formatPlural(results.cells.length, 'cell')}, one per defense and seed`,
      },
      {
        name: 'Made',
        value: `${results.createdAt.slice(0, 16).replace('T', ' ')} UTC, in ${formatSeconds(results.wallSeconds)}`,
      },
    ],
    environment: [
      { name: 'hefl-bench', value: environment.heflVersion },
      { name: 'Commit', value: environment.git ?? 'not in a checkout' },
      { name: 'Node.js', value: environment.node },
      { name: 'Engine', value: environment.engine },
      { name: 'HE library', value: environment.heLibrary },
      {
        name: 'Processor',
        value: `${environment.cpu}, ${formatPlural(environment.cores, 'core')}`,
      },
    ],
    defenses: [...new Set(results.rows.map(({ defense }) => defense))].flatMap((id) => {
      const rows = results.rows.filter(({ defense }) => defense === id);
      const [first] = rows;
      const params = [...new Set(rows.map((row) => formatParams(row.params)))];
      return first
        ? [{ title: first.title, id, text: first.source, params: params.join('; ') }]
        : [];
    }),
    adversaries: results.adversaries.map(({ id, title, knows, needs }) => ({
      title,
      id,
      text: knows,
      params: '',
      standing: STANDING[needs],
    })),
    attacks: results.attacks.map(({ id, title, source, params }) => ({
      title,
      id,
      text: source,
      params: formatParams(params),
    })),
    metrics: results.metrics.map(({ id, title, source, higherMeansMoreLeakage }) => ({
      title,
      id,
      text: source,
      params: higherMeansMoreLeakage ? 'higher means more leakage' : 'lower means more leakage',
    })),
    specification: JSON.stringify(results.specification, null, 2),
  };
}

const STANDING: Readonly<Record<AdversaryDescription['needs'], string>> = {
  server: 'consistent with the protocol',
  colluders: 'needs colluding clients; beside the headline, never in it',
  'upper-bound': 'upper bound, never a headline',
};

function formatParams(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .map(
      ([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    .join(', ');
}
