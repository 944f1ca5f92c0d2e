import { randomStream } from '../engine/random.ts';
import type { Specification } from '../spec/specification.ts';
import type { Dropout } from '../view/server-view.ts';

export type DropoutRates = Specification['federation']['dropout'];

/**
 * The clients that fall out of a round, in the order given. Each draws once per round from a stream
 * that depends on nothing but the seed, so that all defenses lose the same clients.
 */
export function dropouts(
  rates: DropoutRates,
  seed: number,
  round: number,
  clients: readonly number[],
): Dropout[] {
  const { beforeUpload, afterUpload, beforeDecryption } = rates;
  const total = beforeUpload + afterUpload + beforeDecryption;
  if (total === 0) return [];
  return clients.flatMap((client): Dropout[] => {
    const drawn = randomStream(seed, 'dropout', round, client).uniform();
    if (drawn < beforeUpload) return [{ client, stage: 'before-upload' }];
    if (drawn < beforeUpload + afterUpload) return [{ client, stage: 'after-upload' }];
    return drawn < total ? [{ client, stage: 'before-decryption' }] : [];
  });
}

export function uploads(fallen: readonly Dropout[], client: number): boolean {
  return !fallen.some((one) => one.client === client && one.stage === 'before-upload');
}
