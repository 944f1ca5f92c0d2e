import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { MaskPolicy, ProposingClient } from '../../src/api/defense.ts';
import { randomStream } from '../../src/engine/random.ts';

/** Parameters of a defense some of whose clients may lie about their masks. */
export const bogusParams = {
  bogus: z
    .enum(['none', 'random', 'inverted', 'ones', 'zeros', 'colluding'])
    .default('none')
    .describe(
      'What malicious clients propose instead of their masks: a random mask of the honest size, the complement of their own, everything, nothing, or one random mask that all of them share',
    ),
  bogusShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('Share of the clients that is malicious, 0 … 1; without effect while bogus is none'),
};

export interface BogusParams {
  readonly bogus: 'none' | 'random' | 'inverted' | 'ones' | 'zeros' | 'colluding';
  readonly bogusShare: number;
}

/**
 * Lets a share of the clients propose bogus masks under any policy in which clients propose
 * (MASER 2025, malicious clients: 20 and 40 %). They train and encrypt honestly: what is tried is
 * whether the consensus holds.
 *
 * @param honestSize number of coordinates that an honest mask has, about
 */
export function withBogusClients<P extends BogusParams, M>(
  policy: MaskPolicy<P, M>,
  honestSize: (client: ProposingClient, params: P) => number,
): MaskPolicy<P, M> {
  const { propose } = policy;
  if (!propose) return policy;
  return {
    ...policy,
    async propose(client, memory, params) {
      // A malicious client computes its own mask too: it costs it nothing, and its memory stays right.
      const honest = await propose(client, memory, params);
      return params.bogus !== 'none' && isMalicious(client.client, params.bogusShare)
        ? bogusMask(client, honest, honestSize(client, params), params.bogus)
        : honest;
    },
  };
}

/**
 * Spreads the malicious clients evenly over the ids, so that any ⌊share · K⌋ of the first K clients
 * are. Clients get their data at random, so it doesn't matter which ids these are.
 */
export function isMalicious(client: number, share: number): boolean {
  // 1e-9: .2 · 15 must not miss 3 by a rounding error.
  const upTo = (count: number) => Math.floor(share * count + 1e-9);
  return upTo(client + 1) > upTo(client);
}

function bogusMask(
  client: ProposingClient,
  honest: Uint32Array,
  honestSize: number,
  bogus: BogusParams['bogus'],
): Uint32Array {
  const { size } = client.layout;
  switch (bogus) {
    case 'none':
      return honest;
    case 'random':
      return client.random.derive('bogus').sample(size, honestSize);
    case 'inverted': {
      const own = new Set(honest);
      return all(size).filter((coordinate) => !own.has(coordinate));
    }
    case 'ones':
      return all(size);
    case 'zeros':
      return new Uint32Array();
    case 'colluding': {
      // Colluders need no messages: the round's global model is a secret seed all clients share.
      const seed = createHash('sha256').update(new Uint8Array(client.globalModel.slice().buffer));
      return randomStream(seed.digest('hex'), 'colluding masks').sample(size, honestSize);
    }
  }
}

const all = (size: number) => Uint32Array.from({ length: size }, (_, coordinate) => coordinate);
