import { allResults, type RunResults } from '../api/results.ts';

const COLUMNS = [
  'row',
  'defense',
  'seed',
  'realised_ratio',
  'attack',
  'adversary',
  'status',
  'metric',
  'value',
  'interval_low',
  'interval_high',
  'n',
  'unit',
  'dataset',
  'synthetic',
  'experiment',
] as const;

/** One line per cell × attack × adversary × metric (RFC 4180); pooled values stay in the JSON. */
export function resultsCsv(results: RunResults): string {
  const lines = [[...COLUMNS], ...allResults(results).flatMap(linesOf)];
  return lines.map((line) => `${line.map(field).join(',')}\r\n`).join('');
}

function linesOf(results: RunResults) {
  const lines: (string | number | boolean | undefined)[][] = [];
  const defenseOf = new Map(results.rows.map((row) => [row.key, row.defense]));
  const unitOf = new Map(results.metrics.map((metric) => [metric.id, metric.unit]));
  for (const cell of results.cells) {
    const ratio = cell.federation.status === 'ok' ? cell.federation.value.realisedRatio : undefined;
    const where = [cell.row, defenseOf.get(cell.row), cell.seed, ratio];
    const dataset = [results.dataset.id, results.dataset.synthetic, results.name];
    for (const { attack, adversary, outcome } of cell.attacks) {
      const asked = [...where, attack, adversary, outcome.status];
      const metrics = outcome.status === 'ok' ? Object.entries(outcome.value.metrics) : [];
      for (const [id, { value, interval, n }] of metrics)
        lines.push([
          ...asked,
          id,
          value,
          interval?.low,
          interval?.high,
          n,
          unitOf.get(id),
          ...dataset,
        ]);
      if (metrics.length === 0)
        lines.push([...asked, '', undefined, undefined, undefined, undefined, '', ...dataset]);
    }
  }
  return lines;
}

function field(value: string | number | boolean | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
