import { buildReportModel } from '../../reports/model/report-model.ts';
import { allResults, type RunResults } from '../api/results.ts';
import { textTable } from './text-table.ts';

/** The report's verdict tables as text: each defense's strongest protocol-consistent adversary. */
export function verdictTable(results: RunResults): string {
  const experiments = allResults(results);
  if (experiments.length === 1) return tableOf(results);
  return experiments.map((one) => `${one.title}\n\n${tableOf(one)}`).join('\n\n\n');
}

function tableOf(results: RunResults): string {
  const { verdicts } = buildReportModel(results);
  const heading = [
    ['defense', 'encrypted', ...verdicts.attacks.map(({ title }) => title)],
    ['', '', ...verdicts.attacks.map(({ metric }) => `(${metric})`)],
  ];
  const rows = verdicts.rows.map(({ label, realisedRatio, cells }) => [
    label,
    realisedRatio,
    ...cells.map(({ symbol, words, figure }) => `${symbol} ${figure ? figure.value : words}`),
  ]);
  const legend = verdicts.legend.map(({ symbol, words }) => `${symbol} ${words}`).join('   ');
  const synthetic = results.dataset.synthetic ? `Synthetic data (${results.dataset.title}).\n` : '';
  return `${synthetic}${textTable([...heading, ...rows])}\n\n${legend}`;
}
