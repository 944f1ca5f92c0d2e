import { z } from 'zod';
import type { KeyUse } from '../../src/api/defense.ts';

/** The correct protocol, and two ways to leave it that show why it is as it is. */
export const jointKeyParams = {
  keys: z
    .enum(['joint', 'own-key'])
    .default('joint')
    .describe(
      'joint: all clients encrypt under the sum of their public keys. own-key: INSECURE, each under its own, as MASER’s released code does; its partial decryptions open every upload',
    ),
  flooding: z
    .boolean()
    .default(true)
    .describe(
      'Noise on partial decryptions under a joint key; own-key never has any. false: INSECURE, one partial decryption gives away its client’s secret key',
    ),
};

interface JointKeyParams {
  readonly keys: 'joint' | 'own-key';
  readonly flooding: boolean;
}

export function jointKeys({ keys, flooding }: JointKeyParams): KeyUse {
  return keys === 'own-key' ? { setup: 'own-key' } : { setup: 'joint', flooding };
}

/** Why these settings protect nothing, if so. */
export function leakOf({ keys, flooding }: JointKeyParams): string | undefined {
  if (keys === 'own-key')
    return 'every client encrypts under its own key and returns an unflooded partial decryption: the server opens every update and computes every secret key (MASER’s released code)';
  return flooding
    ? undefined
    : 'partial decryptions carry no noise: the server computes every client’s secret key from one of them';
}

export const jointKeyTrust = {
  key: 'a joint key, the sum of all clients’ keys; every client keeps its part, and an aggregate opens only with all partial decryptions',
  brokenBy:
    'nobody alone; the server and all clients but one see the last one’s update. flooding: false or keys: own-key: the server, at once',
};
