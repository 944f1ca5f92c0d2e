import type { PooledScore } from '../api/results.ts';
import { metrics } from '../metrics/registry.ts';
import { type PreparedRun, withChanges } from '../run/prepare.ts';
import { type FinishedRun, type RunOptions, runExperiment } from '../run/run-experiment.ts';
import type { PluginUse } from '../spec/specification.ts';
import { type RatioRange, smallestSafeRatio } from './bisection.ts';
import { type Standing, standingOf, type Target } from './target.ts';

/** What is searched for, in which experiment. */
export interface Question {
  /** With every parameter but the ratio. */
  readonly defense: PluginUse;
  readonly attack: PluginUse;
  /** Each of them must miss: by default all that the protocol gives the server alone. */
  readonly adversaries: readonly string[];
  readonly target: Target;
  readonly range: RatioRange;
}

/** One ratio that was tried. */
export interface Evidence {
  readonly ratio: number;
  readonly realisedRatio: number;
  readonly safe: boolean;
  readonly scores: readonly (Pick<PooledScore, 'adversary' | 'value' | 'seeds'> & Standing)[];
}

export interface SearchResult {
  readonly smallest: number | undefined;
  /** By rising ratio. */
  readonly evidence: readonly Evidence[];
  /** The run that holds everything that was tried; its report shows it. */
  readonly run: FinishedRun;
}

/** An attack or a cell that failed: a search can't go on without its answer. */
export class SearchStopped extends Error {
  override readonly name = 'SearchStopped';
}

/**
 * Bisects the encrypt ratio for the smallest one at which the attack misses its target under every
 * adversary. Every ratio is run for real, in one run folder: a search goes on where it was stopped,
 * and ratios share one recorded training per seed.
 *
 * @throws {SearchStopped} naming what failed.
 */
export async function searchSmallestRatio(
  prepared: PreparedRun,
  { defense, attack, adversaries, target, range }: Question,
  options: RunOptions & { onEvidence(evidence: Evidence): void },
): Promise<SearchResult> {
  const higherMeansMoreLeakage = metrics.some(
    ({ meta }) => meta.id === target.metric && meta.higherMeansMoreLeakage,
  );
  const ratios: number[] = [];
  const evidence: Evidence[] = [];
  let last: FinishedRun | undefined;
  const { smallest } = await smallestSafeRatio(range, async (ratio) => {
    ratios.push(ratio);
    last = await runExperiment(
      withChanges(prepared, {
        name: `${prepared.specification.name}-search-${defense.id}`,
        title: `Smallest ratio of ${defense.id} with ${target.text} under ${attack.id}`,
        // Rows that were tried before are complete and reused.
        defenses: [
          { ...defense, params: { ...defense.params, ratio: ratios.toSorted((a, b) => a - b) } },
        ],
        attacks: [attack],
        adversaries,
      }),
      options,
    );
    const found = evidenceOf(last, { ratio, target, higherMeansMoreLeakage });
    evidence.push(found);
    options.onEvidence(found);
    return found.safe;
  });
  return {
    smallest,
    evidence: evidence.sort((a, b) => a.ratio - b.ratio),
    run: last as FinishedRun,
  };
}

function evidenceOf(
  { results }: FinishedRun,
  asked: {
    readonly ratio: number;
    readonly target: Target;
    readonly higherMeansMoreLeakage: boolean;
  },
): Evidence {
  const { ratio, target } = asked;
  const row = results.rows.find(({ targetRatio }) => targetRatio === ratio);
  const cells = results.cells.filter((cell) => cell.row === row?.key);
  const realised = cells.flatMap(({ federation, attacks }) => {
    for (const outcome of [federation, ...attacks.map((attack) => attack.outcome)])
      if (outcome.status === 'failed')
        throw new SearchStopped(`At ratio ${ratio}: ${outcome.message} ${outcome.hint}`);
      else if (outcome.status === 'timed-out')
        throw new SearchStopped(
          `At ratio ${ratio} a cell took longer than ${outcome.limitSeconds} s. Raise limits.cellSeconds.`,
        );
    return federation.status === 'ok' ? [federation.value.realisedRatio] : [];
  });
  const scores = results.pooled
    .filter((score) => score.row === row?.key && score.metric === target.metric)
    .map(({ adversary, value, seeds }) => ({
      ...{ adversary, value, seeds },
      ...standingOf(target, value, asked.higherMeansMoreLeakage),
    }));
  if (scores.length === 0)
    throw new SearchStopped(
      `At ratio ${ratio} no adversary got an answer that ${target.metric} can score. hefl list metrics shows what scores what.`,
    );
  return {
    ratio,
    realisedRatio: realised.reduce((sum, each) => sum + each, 0) / realised.length,
    safe: scores.every(({ reached }) => reached),
    scores,
  };
}
