/**
 * JSON in which ±Infinity and NaN are the strings "Infinity", "-Infinity", "NaN" (JSON itself would
 * turn them into null).
 */
export function stringifyJson(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, item) => (typeof item === 'number' && !Number.isFinite(item) ? String(item) : item),
    2,
  );
  return `${text}\n`;
}

const NUMBERS: Readonly<Record<string, number>> = {
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
};

/** Undoes `stringifyJson` in a tree whose texts are never one of the three words. */
export function reviveNumbers<T>(value: T): T {
  if (typeof value === 'string') return (NUMBERS[value] ?? value) as T;
  if (Array.isArray(value)) return value.map(reviveNumbers) as T;
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, reviveNumbers(item)]),
    ) as T;
  return value;
}

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(
      Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    );
  });
}
