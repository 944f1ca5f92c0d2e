import {
  type AttackContext,
  type MembershipOutput,
  type MembershipScores,
  NotApplicable,
} from '../../src/api/attack.ts';
import type { AuxiliaryKnowledge } from '../../src/view/auxiliary.ts';
import { LogitsQuery, likeliest } from './logits.ts';

/**
 * Scores every victim's candidates by what the exposed model answers to them.
 *
 * @param score membership score of one candidate, from its logits [classes] and its label
 * @throws {NotApplicable} when the run has no victims, or the adversary nothing to read.
 */
export async function scoreEachVictim<P>(
  aux: AuxiliaryKnowledge,
  context: AttackContext<P>,
  score: (logits: Float32Array, label: number) => number,
): Promise<MembershipOutput> {
  const victims = aux.membership;
  if (victims.length === 0)
    throw new NotApplicable('The run has no victim clients, so there is no membership question.');
  const { model, engine } = context;
  const query = await LogitsQuery.open(model, engine);
  try {
    const targets: MembershipScores[] = [];
    for (const [at, { client, round, candidates }] of victims.entries()) {
      context.signal.throwIfAborted();
      const logits = await query.ask(context.expose({ client, round }).model, candidates);
      const row = (candidate: number) =>
        logits.subarray(candidate * model.classes, (candidate + 1) * model.classes);
      const scores = Float64Array.from({ length: candidates.count }, (_, candidate) =>
        score(row(candidate), candidates.labels[candidate] as number),
      );
      const predictedLabels = Int32Array.from({ length: candidates.count }, (_, candidate) =>
        likeliest(row(candidate)),
      );
      targets.push({ client, round, scores, predictedLabels });
      context.progress((at + 1) / victims.length);
    }
    return { kind: 'membership', targets };
  } finally {
    query.close();
  }
}
