import type { Exposition } from '../../src/api/results.ts';
import { formatNumber } from '../format.ts';
import { mean, type ReportContext } from './context.ts';

/** One row of the who-sees-what matrix: what the protocol hands to the server. */
export interface ExposureRow {
  readonly label: string;
  readonly plaintextShare: string;
  /** 0 … 100, for the little bar. */
  readonly percent: number;
  readonly globalModel: string;
  readonly proposals: string;
  readonly scheme: string;
  readonly keys: string;
  /** Why the row protects nothing, where it is there to show a leak. */
  readonly insecure?: string;
}

const KEYS: Readonly<Record<Exposition['keySetup'], string>> = {
  none: 'no keys',
  shared: 'one secret key, shared by all clients; none at the server',
  'per-client': 'one key pair per client',
  joint: 'joint key; every client holds a share',
  threshold: 'threshold key; some of the clients can decrypt together',
  'own-key': 'one key pair per client, which its own partial decryption gives away',
};

export function exposureRows(context: ReportContext): ExposureRow[] {
  return context.rows.flatMap(({ key, label }) => {
    const seen = context.trained(key).map(({ federation }) => federation.value.exposition);
    const [first] = seen;
    if (!first) return [];
    const share = mean(seen.map(({ plaintextShare }) => plaintextShare));
    return [
      {
        label,
        plaintextShare: `${formatNumber(share * 100, 1)}\u00a0%`,
        percent: Math.round(share * 1000) / 10,
        globalModel: first.globalModel === 'aggregate' ? 'complete' : 'plaintext part only',
        proposals: first.proposalsVisible ? 'seen' : 'not seen',
        scheme: first.parameterSet === 'plain' ? 'none' : first.parameterSet,
        keys: KEYS[first.keySetup],
        ...(first.insecure !== undefined && { insecure: first.insecure }),
      },
    ];
  });
}
