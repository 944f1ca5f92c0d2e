import { expect } from 'vitest';
import type { AttackResult, Outcome, RunResults } from '../../src/api/results.ts';

/** How far two runs may lie apart. */
export interface Noise {
  /** Share of test images whose class may differ. */
  readonly accuracy: number;
  /** By attack: as a share of the score, or of 1, if that is more. */
  readonly scores: Readonly<Record<string, number>>;
}

/** What a change in the share of right guesses becomes. ε = ln(p / (1 − p)): at p = ½ four times as much. */
const STEEPNESS: Readonly<Record<string, number>> = { 'epsilon-lower-bound': 4 };

/** Expects two runs of one specification to agree cell by cell, round by round, score by score. */
export function expectSameResults(run: RunResults, twin: RunResults, noise: Noise): void {
  expect(run.cells.map(({ hash }) => hash)).toEqual(twin.cells.map(({ hash }) => hash));
  run.cells.forEach((cell, at) => {
    const other = twin.cells[at] as typeof cell;
    const [federation, twinFederation] = [okValue(cell.federation), okValue(other.federation)];
    expect(federation.realisedRatio).toBeCloseTo(twinFederation.realisedRatio, 4);
    federation.rounds.forEach(({ testAccuracy, round }, number) => {
      const difference = Math.abs(
        testAccuracy - (twinFederation.rounds[number]?.testAccuracy as number),
      );
      expect(difference, `accuracy after round ${round}`).toBeLessThanOrEqual(noise.accuracy);
    });
    cell.attacks.forEach(({ attack, adversary, outcome }, number) => {
      const twinOutcome = (other.attacks[number] as AttackResult).outcome;
      expect(outcome.status).toBe(twinOutcome.status);
      if (outcome.status !== 'ok') return;
      const [scores, twinScores] = [okValue(outcome), okValue(twinOutcome)];
      expect(Object.keys(scores.metrics)).toEqual(Object.keys(twinScores.metrics));
      for (const [metric, { value }] of Object.entries(scores.metrics)) {
        const name = `${metric} of ${attack} by ${adversary} on ${cell.row}`;
        const difference = Math.abs(value - (twinScores.metrics[metric]?.value as number));
        const bound =
          (noise.scores[attack] as number) *
          Math.max(1, Math.abs(value)) *
          (STEEPNESS[metric] ?? 1);
        expect(difference, name).toBeLessThanOrEqual(bound);
      }
    });
  });
}

function okValue<T>(outcome: Outcome<T>): T {
  if (outcome.status !== 'ok') throw new Error(`not ok: ${JSON.stringify(outcome)}`);
  return outcome.value;
}
