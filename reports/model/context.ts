import type {
  AdversaryDescription,
  AttackDescription,
  CellResult,
  MetricDescription,
  PooledScore,
  RunResults,
} from '../../src/api/results.ts';
import { judge, type Level, leaksMore } from './judgement.ts';
import { labelRows, type RowLabel, unknownRow } from './rows.ts';

/** The score of the strongest adversary that needs the server alone, for a defense under one attack. */
export interface Headline {
  readonly score: PooledScore;
  readonly metric: MetricDescription;
  readonly level: Level;
}

/** A cell whose federation ran. */
export type TrainedCell = CellResult & {
  readonly federation: Extract<CellResult['federation'], { status: 'ok' }>;
};

/** A run's results with the look-ups that every section needs. */
export interface ReportContext {
  readonly results: RunResults;
  readonly rows: readonly RowLabel[];
  row(key: string): RowLabel;
  attack(id: string): AttackDescription | undefined;
  adversary(id: string): Pick<AdversaryDescription, 'title' | 'needs'>;
  metric(id: string): MetricDescription | undefined;
  /** Cells of a row whose federation ran, one per seed. */
  trained(row: string): readonly TrainedCell[];
  /** Mean over seeds; `null` where no federation ran. */
  realisedRatio(row: string): number | null;
  /** Images are reconstructed from rounds' aggregates, not from single probes' updates. */
  readonly ofAggregates: boolean;
  /** The metric a verdict rests on: AUC for membership, SSIM for reconstruction, when scored. */
  headlineMetric(attack: string): MetricDescription | undefined;
  headline(row: string, attack: string): Headline | undefined;
  /** The strongest adversary that needs colluding clients besides the server, in the same metric. */
  colluding(row: string, attack: string): PooledScore | undefined;
  /** The score of a given adversary in the attack's headline metric. */
  scoreOf(row: string, attack: string, adversary: string): PooledScore | undefined;
}

const PREFERRED_METRICS = {
  membership: ['auc', 'balanced-accuracy', 'tpr-at-1-percent-fpr'],
  reconstruction: ['ssim', 'psnr', 'mse'],
  text: ['rouge-l', 'token-f1', 'token-recall'],
  key: ['keys-recovered'],
} as const;

export function reportContext(results: RunResults): ReportContext {
  const trained: ReportContext['trained'] = (row) =>
    results.cells.filter(
      (cell): cell is TrainedCell => cell.row === row && cell.federation.status === 'ok',
    );
  const realisedRatio: ReportContext['realisedRatio'] = (row) => {
    const ratios = trained(row).map(({ federation }) => federation.value.realisedRatio);
    return ratios.length > 0 ? mean(ratios) : null;
  };
  const rows = labelRows(results.rows, realisedRatio);
  const metric = (id: string) => results.metrics.find((one) => one.id === id);
  const attack = (id: string) => results.attacks.find((one) => one.id === id);
  const adversary: ReportContext['adversary'] = (id) =>
    results.adversaries.find((one) => one.id === id) ?? { title: id, needs: 'upper-bound' };

  const headlineMetric: ReportContext['headlineMetric'] = (id) => {
    const kind = attack(id)?.kind;
    if (!kind) return undefined;
    const scored = new Set(
      results.pooled.filter((score) => score.attack === id).map((score) => score.metric),
    );
    const preferred = PREFERRED_METRICS[kind].find((one) => scored.has(one));
    return preferred === undefined ? undefined : metric(preferred);
  };

  const strongest = (
    row: string,
    id: string,
    judged: MetricDescription,
    needs: AdversaryDescription['needs'],
  ): PooledScore | undefined =>
    results.pooled
      .filter(
        (score) =>
          score.row === row &&
          score.attack === id &&
          score.metric === judged.id &&
          adversary(score.adversary).needs === needs,
      )
      .reduce<PooledScore | undefined>(
        (best, score) =>
          !best || leaksMore(score.value.value, best.value.value, judged) ? score : best,
        undefined,
      );

  const headline: ReportContext['headline'] = (row, id) => {
    const judged = headlineMetric(id);
    const score = judged && strongest(row, id, judged, 'server');
    return (
      score && {
        score,
        metric: judged,
        level: score.guessed ? 'guessing' : judge(score.value, judged),
      }
    );
  };
  const colluding: ReportContext['colluding'] = (row, id) => {
    const judged = headlineMetric(id);
    return judged && strongest(row, id, judged, 'colluders');
  };

  const { probes } = results.specification as { readonly probes?: { readonly of?: string } };
  return {
    results,
    rows,
    ofAggregates: probes?.of === 'aggregate',
    row: (key) => rows.find((one) => one.key === key) ?? unknownRow(key),
    attack,
    adversary,
    metric,
    trained,
    realisedRatio,
    headlineMetric,
    headline,
    colluding,
    scoreOf: (row, id, who) => {
      const judged = headlineMetric(id);
      return results.pooled.find(
        (score) =>
          score.row === row &&
          score.attack === id &&
          score.adversary === who &&
          score.metric === judged?.id,
      );
    },
  };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
