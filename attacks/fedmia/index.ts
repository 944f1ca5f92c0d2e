import { z } from 'zod';
import { defineAttack, NotApplicable } from '../../src/api/attack.ts';
import { normalUpperTail } from '../../src/stats/normal.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { UpdateMeasure } from '../gradient-cosine/update-measure.ts';
import { answerEachVictim } from '../query/each-victim.ts';
import { roundsOf } from '../query/victim-rounds.ts';

const params = z.strictObject({
  statistic: z
    .enum(['cosine', 'difference', 'loss'])
    .default('cosine')
    .describe(
      "what is compared between clients, as in gradient-cosine: `cosine` is the paper's FedMIA-II, `loss` FedMIA-I",
    ),
});

/** Clients with less than this share of the victim's samples are no yardstick for it. */
const COMPARABLE = 0.5;

/** Added to variances, as in the released code. */
const EPSILON = 1e-8;

/**
 * Clients' data are disjoint, so the other clients' updates of a round show how a statistic is
 * distributed where the candidate was not trained on; does the victim's lie beyond it?
 */
export const fedMia = defineAttack({
  meta: {
    id: 'fedmia',
    version: 1,
    title: 'FedMIA',
    source:
      "Zhu et al. 2025, \"FedMIA: An Effective Membership Inference Attack Exploiting 'All for One' " +
      'Principle in Federated Learning" §4: one-tailed likelihood under a normal distribution fitted ' +
      "to the other clients' statistics of a round, summed over rounds. Differs: only scored " +
      "coordinates count; clients with less than half of the victim's samples are left out.",
    params,
    kind: 'membership',
    adversaries: readingAdversaries,
  },
  async run(view, aux, context) {
    const { params, expose, signal } = context;
    const measure = await UpdateMeasure.open(context.model, context.engine);
    try {
      return await answerEachVictim(aux, context, async ({ client, candidates }) => {
        const rounds = roundsOf(view, client).flatMap((round) => {
          const others = comparableClients(view, { client, round });
          return others.length < 2 ? [] : [{ round, others }];
        });
        if (rounds.length === 0)
          throw new NotApplicable(
            `Client ${client} took part in no round with two others of its size, which FedMIA compares it with. Let more clients take part in a round.`,
          );
        const scores = new Float64Array(candidates.count);
        for (const { round, others } of rounds) {
          const exposures = [client, ...others].map((of) => expose({ client: of, round }));
          const values = await measure.of(params.statistic, exposures, candidates, signal);
          const [own, ...theirs] = values as [Float64Array, ...Float64Array[]];
          own.forEach((value, at) => {
            const tail = tailProbability(
              value,
              theirs.map((values) => values[at] as number),
            );
            // Φ − 1, which keeps apart what Φ itself would round to 1.
            scores[at] = (scores[at] as number) - tail / rounds.length;
          });
        }
        return { scores };
      });
    } finally {
      await measure.close();
    }
  },
});

/** The other clients of the victim's round that trained on enough to be compared with it. */
function comparableClients(
  { rounds }: Pick<ServerView, 'rounds'>,
  victim: { readonly client: number; readonly round: number },
): number[] {
  const sent = rounds.find(({ round }) => round === victim.round)?.transmissions ?? [];
  const own = sent.find(({ client }) => client === victim.client)?.samples ?? 0;
  return sent
    .filter(({ client, samples }) => client !== victim.client && samples >= COMPARABLE * own)
    .map(({ client }) => client);
}

/** P(a client that was not trained on the sample reaches more than `value`). */
function tailProbability(value: number, others: readonly number[]): number {
  const mean = others.reduce((sum, other) => sum + other, 0) / others.length;
  const variance =
    others.reduce((sum, other) => sum + (other - mean) ** 2, 0) / (others.length - 1) + EPSILON;
  return normalUpperTail((value - mean) / Math.sqrt(variance));
}
