import { z } from 'zod';
import { defineAttack, NotApplicable } from '../../src/api/attack.ts';
import { recoverKey } from '../../src/view/key-recovery.ts';

const params = z.strictObject({
  returned: z
    .enum(['as-sent', 'float64'])
    .default('as-sent')
    .describe(
      'decrypted values as the protocol returns them (float32), or as the library computes them: what a server gets that is handed those',
    ),
});

/**
 * Solves for secret keys. A server that holds ciphertexts (c_0, c_1) and is shown partial decryptions
 * c_1·s without noise divides; one that is shown decrypted values solves two linear equations. The
 * adversary of the same name then reads what the keys open, and runs every other attack on that.
 */
export const keyRecovery = defineAttack({
  meta: {
    id: 'key-recovery',
    version: 1,
    title: 'Key recovery',
    source:
      'Li and Micciancio 2021 (On the Security of Homomorphic Encryption on Approximate Numbers), §3; ' +
      'for partial decryptions without flooding, d = c_1·s. A key counts as found when it predicts ' +
      'every coefficient of a decryption it was not solved from.',
    params,
    kind: 'key',
    adversaries: ['key-recovery'],
  },
  async run(_view, _aux, { params, keyEvidence, signal, progress }) {
    const { evidence, reason } = await keyEvidence();
    if (reason !== undefined) throw new NotApplicable(reason);
    const unwanted = params.returned === 'as-sent' ? 'float64' : 'float32';
    const shown = evidence.filter(({ precision }) => precision !== unwanted);
    const targets = shown.flatMap((one, at) => {
      signal.throwIfAborted();
      const found = recoverKey(one);
      progress((at + 1) / shown.length);
      return found ? [found] : [];
    });
    if (targets.length === 0)
      throw new NotApplicable(
        'The protocol shows too few ciphertexts of a key to solve for it and to check the solution.',
      );
    return { kind: 'key', targets };
  },
});
