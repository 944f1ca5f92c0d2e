import {
  type AttackContext,
  type MembershipOutput,
  type MembershipScores,
  NotApplicable,
} from '../../src/api/attack.ts';
import { sideBySide } from '../../src/engine/side-by-side.ts';
import type { AuxiliaryKnowledge, MembershipTarget } from '../../src/view/auxiliary.ts';
import { LogitsQuery } from './logits.ts';

/** Where the attack's progress stands when the victims' turn comes. */
export const PREPARED = 0.8;

/**
 * Answers the membership question of every victim, as many at a time as the engine runs side by side.
 *
 * @param answer the victim's scores, one per candidate
 * @param from what part of the attack is done before, 0 … 1
 * @throws {NotApplicable} when the run has no victims.
 */
export async function answerEachVictim<P>(
  aux: AuxiliaryKnowledge,
  { engine, signal, progress }: AttackContext<P>,
  answer: (
    victim: MembershipTarget,
    at: number,
  ) => Promise<Omit<MembershipScores, 'client' | 'round'>>,
  from = 0,
): Promise<MembershipOutput> {
  const victims = aux.membership;
  if (victims.length === 0)
    throw new NotApplicable('The run has no victim clients, so there is no membership question.');
  let answered = 0;
  const targets = await sideBySide(
    victims,
    () => engine.width,
    async (victim, at): Promise<MembershipScores> => {
      signal.throwIfAborted();
      const { client, round } = victim;
      const scores = await answer(victim, at);
      progress(from + ((1 - from) * ++answered) / victims.length);
      return { client, round, ...scores };
    },
  );
  return { kind: 'membership', targets };
}

/** What the exposed model answers to one candidate. */
export interface ExposedAnswer {
  /** [classes]. */
  readonly logits: Float32Array;
  readonly label: number;
  /** The candidate's place among its victim's. */
  readonly candidate: number;
}

/**
 * Scores every victim's candidates by what the exposed model answers to them.
 *
 * @param scorer gives, for a victim, the membership score of one of its candidates
 * @param from as in {@link answerEachVictim}
 * @throws {NotApplicable} when the run has no victims, or the adversary nothing to read.
 */
export async function scoreEachVictim<P>(
  aux: AuxiliaryKnowledge,
  context: AttackContext<P>,
  scorer: (victim: MembershipTarget, at: number) => Promise<(answer: ExposedAnswer) => number>,
  from = 0,
): Promise<MembershipOutput> {
  const { model, engine } = context;
  const query = await LogitsQuery.open(model, engine);
  try {
    return await answerEachVictim(
      aux,
      context,
      async (victim, at) => {
        const { client, round, candidates } = victim;
        const score = await scorer(victim, at);
        const logits = await query.ask(context.expose({ client, round }).model, candidates);
        const scores = Float64Array.from({ length: candidates.count }, (_, candidate) =>
          score({
            logits: logits.subarray(candidate * model.classes, (candidate + 1) * model.classes),
            label: candidates.labels[candidate] as number,
            candidate,
          }),
        );
        return { scores };
      },
      from,
    );
  } finally {
    query.close();
  }
}
