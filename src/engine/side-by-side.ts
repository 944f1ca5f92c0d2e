/**
 * Works on items, so many at a time, and gives the results in the order of the items. After a
 * failure no further item is begun; what is under way ends first.
 *
 * @param atATime asked anew whenever an item could be begun, e.g. for an engine's width
 * @throws the first failure.
 */
export async function sideBySide<T, R>(
  items: readonly T[],
  atATime: () => number,
  work: (item: T, at: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let next = 0;
  while (!failure && (next < items.length || underWay.size > 0)) {
    while (next < items.length && underWay.size < Math.max(1, atATime())) {
      const at = next++;
      const one: Promise<void> = work(items[at] as T, at)
        .then(
          (result) => {
            results[at] = result;
          },
          (error: unknown) => {
            failure ??= { error };
          },
        )
        .finally(() => underWay.delete(one));
      underWay.add(one);
    }
    await Promise.race(underWay);
  }
  await Promise.all(underWay);
  if (failure) throw failure.error;
  return results;
}
