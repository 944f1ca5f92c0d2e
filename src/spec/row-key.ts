import type { Meta } from '../api/meta.ts';
import { canonicalJson } from '../store/json.ts';
import { defaultParams } from './grid-points.ts';

type Params = Readonly<Record<string, unknown>>;

/** Names of the parameters that some row of a defense has away from their default. */
export function tellingParams(meta: Meta<unknown>, rows: readonly Params[]): ReadonlySet<string> {
  const defaults = defaultParams(meta);
  const differs = (params: Params) =>
    Object.keys(params).filter(
      (key) => canonicalJson(params[key]) !== canonicalJson(defaults[key]),
    );
  return new Set(rows.flatMap(differs));
}

/**
 * A row's readable name, `maskcrypt(ratio=0.05)`, with parameters in the order of the defense's
 * schema.
 *
 * @param params all of them, as the schema gives them back
 * @param telling those to show; left out are parameters that no row has away from their default
 */
export function rowKey(
  { id }: Meta<unknown>,
  params: Params,
  telling: ReadonlySet<string>,
): string {
  const shown = Object.entries(params)
    .filter(([key]) => telling.has(key))
    .map(([key, value]) => `${key}=${showValue(value)}`);
  return shown.length === 0 ? id : `${id}(${shown.join(', ')})`;
}

/** Plain words stay bare; whatever could be misread is quoted. */
function showValue(value: unknown): string {
  const readable = typeof value === 'string' && /^[A-Za-z][\w.-]*$/.test(value);
  const aWord = readable && !['true', 'false', 'null'].includes(value);
  return aWord ? value : canonicalJson(value);
}
