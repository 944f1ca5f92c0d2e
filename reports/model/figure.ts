import type { MetricValue } from '../../src/api/metric.ts';
import type { MetricDescription } from '../../src/api/results.ts';
import { formatCount, formatInterval, formatMetric, formatPlural } from '../format.ts';

/** A number as the report prints it: never without n, with its interval where there is one. */
export interface Figure {
  readonly value: string;
  readonly interval: string | null;
  /** `95 % hierarchical bootstrap`. */
  readonly intervalMethod: string | null;
  readonly n: string;
  readonly caution: string | null;
}

export function figure(
  value: MetricValue,
  metric: Pick<MetricDescription, 'unit'>,
  seeds?: number,
): Figure {
  const { interval } = value;
  const samples = `n\u00a0=\u00a0${formatCount(value.n)}`;
  return {
    value: formatMetric(value.value, metric.unit),
    interval: interval ? formatInterval(interval, metric.unit) : null,
    intervalMethod: interval ? `${Math.round(interval.level * 100)} % ${interval.method}` : null,
    n: seeds === undefined ? samples : `${samples}, ${formatPlural(seeds, 'seed')}`,
    caution: value.caution ?? null,
  };
}

/** `0.612 [0.580, 0.643]` */
export function inline({ value, interval }: Figure): string {
  return interval ? `${value} ${interval}` : value;
}
