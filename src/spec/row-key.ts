import type { Meta } from '../api/meta.ts';
import { canonicalJson } from '../store/json.ts';
import { defaultParams } from './grid-points.ts';

/**
 * A row's readable name, `maskcrypt(ratio=0.05)`: parameters in the order of the defense's schema,
 * those at their default left out. Equal rows have equal keys, different rows different ones.
 *
 * @param params all of them, as the schema gives them back
 */
export function rowKey(meta: Meta<unknown>, params: Readonly<Record<string, unknown>>): string {
  const defaults = defaultParams(meta);
  const shown = Object.entries(params)
    .filter(([key, value]) => canonicalJson(value) !== canonicalJson(defaults[key]))
    .map(([key, value]) => `${key}=${showValue(value)}`);
  return shown.length === 0 ? meta.id : `${meta.id}(${shown.join(', ')})`;
}

/** Plain words stay bare; whatever could be misread is quoted. */
function showValue(value: unknown): string {
  const readable = typeof value === 'string' && /^[A-Za-z][\w.-]*$/.test(value);
  const aWord = readable && !['true', 'false', 'null'].includes(value);
  return aWord ? value : canonicalJson(value);
}
