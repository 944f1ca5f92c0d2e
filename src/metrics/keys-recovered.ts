import type { KeyOutput } from '../api/attack.ts';
import type { MetricValue } from '../api/metric.ts';
import type { PoolableMetric, SeedOutput } from './clustered.ts';

/**
 * Share of the secret keys attacked that were found. A key is found when it predicts every coefficient
 * of a decryption it wasn't solved from. All keys that the protocol shows something of are tried, so
 * that the share has no sampling error and its interval is the value itself.
 */
export const keysRecovered: PoolableMetric<KeyOutput> = {
  meta: {
    id: 'keys-recovered',
    version: 1,
    title: 'Secret keys recovered',
    unit: 'share',
    kind: 'key',
    higherMeansMoreLeakage: true,
    source: 'Li and Micciancio (EUROCRYPT 2021); every key is tried, so the share is exact',
  },
  score: (output) => pool([{ output }]),
  pool,
};

function pool(seeds: readonly Pick<SeedOutput<KeyOutput>, 'output'>[]): MetricValue | null {
  const keys = seeds.flatMap(({ output }) => output.targets);
  if (keys.length === 0) return null;
  const value = keys.filter(({ explained }) => explained === 1).length / keys.length;
  return {
    value,
    interval: { low: value, high: value, level: 1, method: 'exact' },
    n: keys.length,
    baselines: { guessing: 0 },
  };
}
