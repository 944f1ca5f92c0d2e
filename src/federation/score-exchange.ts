import { everywhere } from '../view/coordinate-set.ts';
import { exchange } from './exchange.ts';
import { aggregationWeights } from './fedavg.ts';
import type { RoundLedger } from './ledger.ts';
import { MaskError } from './mask-checks.ts';
import type { RoundParts } from './protocol-round.ts';

/**
 * Sums clients' scores under encryption, weighted by their samples (FedML-HE's mask agreement: clients
 * send [S_i], the server sums α_i [S_i], clients decrypt). The server reads none of it.
 *
 * @returns Σ α_i S_i, [N]
 */
export async function exchangeScores<P, M>(
  parts: Pick<
    RoundParts<P, M>,
    'keys' | 'source' | 'traffic' | 'signal' | 'federation' | 'defense'
  > & { readonly costs: RoundLedger },
  scores: readonly { readonly client: number; readonly values: Float32Array }[],
): Promise<Float32Array> {
  const { keys, source, traffic, signal, federation, defense, costs } = parts;
  const voters = scores.map(({ client }) => client);
  const weights = aggregationWeights(
    voters.map((client) => ({ client, samples: source.data.count(client) })),
  );
  const all = everywhere(scores[0]?.values.length ?? 0);
  const nowhere = new Uint8Array(all.length);
  const openers = keys.openers({
    drawn: voters,
    uploaded: voters,
    present: voters,
    others: [...Array(federation.clients).keys()].filter((client) => !voters.includes(client)),
  });
  if ('cause' in openers)
    throw new MaskError(`The scores of ${defense.meta.id} stay closed. ${openers.reason}`);
  const senders = scores.map(({ client, values }, k) => ({
    client,
    values,
    encrypted: all,
    plain: nowhere,
    weight: weights[k] as number,
  }));
  for (const client of voters) traffic.keys(client);
  const exchanged = await exchange(keys, senders, voters, openers, signal);
  exchanged.senders.forEach((cost, k) => {
    traffic.upload(costs, voters[k] as number, cost);
  });
  costs.aggregated(exchanged.serverSeconds);
  traffic.toClients(costs, { exchanged, recipients: voters });
  return Float32Array.from(exchanged.sum as Float64Array);
}
