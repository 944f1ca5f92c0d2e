import { allResults, type RunResults } from '../api/results.ts';
import { didYouMean } from '../platform/did-you-mean.ts';
import { UsageError } from './errors.ts';

/** `[defense:] attack.metric > value`: what may not happen. */
export interface Gate {
  readonly text: string;
  /** A defense's id or a row's key; absent: every row. */
  readonly defense: string | undefined;
  readonly attack: string;
  readonly metric: string;
  readonly operator: '>' | '<';
  readonly limit: number;
}

const FORM =
  /^(?:(?<defense>[^:]+):)?\s*(?<attack>[\w-]+)\.(?<metric>[\w-]+)\s*(?<operator>[<>])\s*(?<limit>\S+)$/;

/** @throws {UsageError} when the text is no gate. */
export function parseGate(text: string): Gate {
  const parts = FORM.exec(text.trim())?.groups;
  const limit = Number(parts?.limit);
  if (!parts?.attack || !parts.metric || Number.isNaN(limit))
    throw new UsageError(
      `--fail-if '${text}' is no gate. Write it like 'loss-threshold.auc > 0.6', or 'maskcrypt: loss-threshold.auc > 0.6' for one defense.`,
    );
  return {
    text,
    defense: parts.defense?.trim(),
    attack: parts.attack,
    metric: parts.metric,
    operator: parts.operator as '>' | '<',
    limit,
  };
}

/** What gates can name in a run; known before it starts. */
export interface GateNames {
  readonly attacks: readonly string[];
  readonly metrics: readonly string[];
  /** Ids of defenses and keys of rows. */
  readonly defenses: readonly string[];
}

/** @throws {UsageError} when a gate names something the run doesn't have. */
export function requireKnownNames(gates: readonly Gate[], names: GateNames): void {
  for (const gate of gates) {
    requireKnown('attack', gate.attack, names.attacks, gate);
    requireKnown('metric', gate.metric, names.metrics, gate);
    if (gate.defense !== undefined) requireKnown('defense', gate.defense, names.defenses, gate);
  }
}

/**
 * One line per row and adversary that a gate catches; the oracle, which no defense can change, is
 * left out.
 */
export function crossedGates(gates: readonly Gate[], results: RunResults): string[] {
  return allResults(results).flatMap((experiment) => crossedIn(gates, experiment));
}

function crossedIn(gates: readonly Gate[], results: RunResults): string[] {
  const consistent = new Set(
    results.adversaries.filter(({ needs }) => needs !== 'upper-bound').map(({ id }) => id),
  );
  const defenseOf = new Map(results.rows.map(({ key, defense }) => [key, defense]));
  return gates.flatMap((gate) => {
    const { defense, attack, metric, operator, limit } = gate;
    return results.pooled
      .filter(
        (score) =>
          score.attack === attack &&
          score.metric === metric &&
          consistent.has(score.adversary) &&
          (defense === undefined || [score.row, defenseOf.get(score.row)].includes(defense)) &&
          (operator === '>' ? score.value.value > limit : score.value.value < limit),
      )
      .map(
        ({ row, adversary, value }) =>
          `${row} under ${attack} by ${adversary}: ${metric} ${value.value.toFixed(3)} ${operator} ${limit}`,
      );
  });
}

function requireKnown(kind: string, id: string, known: readonly string[], gate: Gate): void {
  if (!known.includes(id))
    throw new UsageError(
      `--fail-if '${gate.text}': the run has no ${kind} "${id}"; ${didYouMean(id, [...new Set(known)])}`,
    );
}
