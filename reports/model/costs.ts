import type { ByteKind, StepName } from '../../src/api/results.ts';
import { formatBytes, formatMebibytes, formatSeconds } from '../format.ts';
import { mean, type ReportContext } from './context.ts';
import { type DataTable, dataTable } from './data-table.ts';
import type { RowLabel } from './rows.ts';

export const BYTE_KINDS: readonly { readonly id: ByteKind; readonly title: string }[] = [
  { id: 'plain-values', title: 'Plain values' },
  { id: 'ciphertexts', title: 'Ciphertexts' },
  { id: 'mask-proposal', title: 'Mask proposals' },
  { id: 'mask', title: 'Final mask' },
  { id: 'keys', title: 'Keys' },
  { id: 'partial-decryptions', title: 'Partial decryptions' },
];

export const STEPS: readonly { readonly id: StepName; readonly title: string }[] = [
  { id: 'train', title: 'Train' },
  { id: 'mask', title: 'Choose mask' },
  { id: 'encrypt', title: 'Encrypt' },
  { id: 'aggregate', title: 'Aggregate (server)' },
  { id: 'decrypt', title: 'Decrypt' },
];

/** One segment of a stacked bar. */
export interface BarPart {
  readonly row: string;
  readonly direction: 'up' | 'down' | null;
  readonly part: string;
  readonly amount: number;
}

export interface CostSection {
  readonly bytes: { readonly parts: readonly BarPart[]; readonly table: DataTable };
  readonly seconds: { readonly parts: readonly BarPart[]; readonly table: DataTable };
  readonly bandwidth: string | null;
  /** What the numbers of a row stand on, where they were not measured in full. */
  readonly notes: readonly string[];
}

/** A row's costs, mean over seeds. */
export interface MeanCosts {
  readonly up: Readonly<Record<ByteKind, number>>;
  readonly down: Readonly<Record<ByteKind, number>>;
  /** Up and down, per client and round. */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly seconds: Readonly<Record<StepName, number>>;
  readonly roundSeconds: number;
}

export function meanCosts(context: ReportContext, row: string): MeanCosts | undefined {
  const costs = context.trained(row).map(({ federation }) => federation.value.costs);
  if (costs.length === 0) return undefined;
  const byKind = (direction: 'up' | 'down') =>
    Object.fromEntries(
      BYTE_KINDS.map(({ id }) => [
        id,
        mean(costs.map(({ bytesPerClientRound }) => bytesPerClientRound[direction][id] ?? 0)),
      ]),
    ) as Record<ByteKind, number>;
  const up = byKind('up');
  const down = byKind('down');
  return {
    up,
    down,
    bytes: [...Object.values(up), ...Object.values(down)].reduce((sum, part) => sum + part, 0),
    totalBytes: mean(costs.map(({ totalBytes }) => totalBytes.up + totalBytes.down)),
    seconds: Object.fromEntries(
      STEPS.map(({ id }) => [id, mean(costs.map(({ seconds }) => seconds[id]))]),
    ) as Record<StepName, number>,
    roundSeconds: mean(costs.map(({ roundSeconds }) => roundSeconds)),
  };
}

export function costSection(context: ReportContext): CostSection | null {
  const measured = context.rows.flatMap((row) => {
    const costs = meanCosts(context, row.key);
    return costs ? [{ row, costs }] : [];
  });
  const [first] = measured;
  if (!first) return null;
  const kinds = BYTE_KINDS.filter(({ id }) =>
    measured.some(({ costs }) => costs.up[id] > 0 || costs.down[id] > 0),
  );
  const bandwidth = context.trained(first.row.key)[0]?.federation.value.costs;
  return {
    bytes: {
      parts: measured.flatMap(({ row, costs }) =>
        (['up', 'down'] as const).flatMap((direction) =>
          kinds.map(({ id, title }) => ({
            row: row.label,
            direction,
            part: title,
            amount: costs[direction][id],
          })),
        ),
      ),
      table: bytesTable(measured, kinds),
    },
    seconds: {
      parts: measured.flatMap(({ row, costs }) =>
        STEPS.map(({ id, title }) => ({
          row: row.label,
          direction: null,
          part: title,
          amount: costs.seconds[id],
        })),
      ),
      table: dataTable(
        ['Defense', ...STEPS.map(({ title }) => `#${title}`), '#Round, simulated'],
        measured.map(({ row, costs }) => [
          row.label,
          ...STEPS.map(({ id }) => formatSeconds(costs.seconds[id])),
          formatSeconds(costs.roundSeconds),
        ]),
      ),
    },
    notes: measured.flatMap(({ row }) => {
      const extrapolated = context.trained(row.key)[0]?.federation.value.costs.extrapolated;
      return extrapolated === undefined ? [] : [`${row.label}: ${extrapolated}`];
    }),
    bandwidth: bandwidth ? `${bandwidth.bandwidthBitsPerSecond / 1e6} Mbit/s` : null,
  };
}

function bytesTable(
  measured: readonly { readonly row: RowLabel; readonly costs: MeanCosts }[],
  kinds: typeof BYTE_KINDS,
): DataTable {
  return dataTable(
    [
      'Defense',
      'Direction',
      ...kinds.map(({ title }) => `#${title}, MiB`),
      '#Together',
      '#Whole run, all clients',
    ],
    measured.flatMap(({ row, costs }) =>
      (['up', 'down'] as const).map((direction) => [
        row.label,
        direction,
        ...kinds.map(({ id }) => formatMebibytes(costs[direction][id])),
        formatBytes(Object.values(costs[direction]).reduce((sum, part) => sum + part, 0)),
        direction === 'up' ? formatBytes(costs.totalBytes) : '',
      ]),
    ),
  );
}
