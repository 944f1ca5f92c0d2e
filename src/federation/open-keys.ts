import type { KeyUse } from '../api/defense.ts';
import { openGroupKeyRing, openKeyRing } from '../crypto/key-ring.ts';
import { openOwnKeyRing } from '../crypto/multi-party/own-keys.ts';
import type { ParameterSetId } from '../crypto/scheme.ts';
import type { SchemeOptions } from '../crypto/scheme-options.ts';
import type { AnyKeyRing } from './federation-keys.ts';

export interface FederationKeysOptions {
  /** Ordinary clients. */
  readonly clients: number;
  /** Probe clients; they encrypt, but only hold keys where everybody has one of its own. */
  readonly probes: number;
  readonly workers: number;
  readonly options?: Partial<SchemeOptions> | undefined;
}

/**
 * Generates a federation's keys; close the ring when done.
 * @throws {RangeError} a key setup that the parameter set does not have.
 */
export function openFederationKeys(
  use: KeyUse,
  scheme: ParameterSetId,
  { clients, probes, workers, options = {} }: FederationKeysOptions,
): Promise<AnyKeyRing> {
  const everybody = { clients: clients + probes, workers, ...options };
  if (use.setup === 'own-key') return openOwnKeyRing(scheme, everybody);
  if (use.setup === 'joint' || use.setup === 'threshold')
    return openGroupKeyRing(use.setup, scheme, {
      clients,
      workers,
      ...options,
      flooding: use.flooding ?? true,
      ...(use.floodingBits !== undefined && { floodingBits: use.floodingBits }),
      ...(use.setup === 'threshold' && { threshold: use.threshold }),
    });
  return use.setup === 'per-client'
    ? openGroupKeyRing(use.setup, scheme, { clients, workers, ...options })
    : openKeyRing(use.setup, scheme, everybody);
}
