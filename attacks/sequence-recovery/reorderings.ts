import type { RandomStream } from '../../src/engine/random.ts';

/**
 * A random reordering of 0 … length-1 of one of LAMP's four kinds (Balunović et al. 2022): two
 * tokens swapped, one token moved, a stretch moved, or a prefix put at the end.
 */
export function randomReordering(length: number, random: RandomStream): Uint32Array {
  const order = Array.from({ length }, (_, at) => at);
  const kind = random.integer(4);
  if (kind === 0) {
    const [a, b] = [random.integer(length), random.integer(length)];
    [order[a], order[b]] = [order[b] as number, order[a] as number];
  } else if (kind === 3) {
    order.push(...order.splice(0, random.integer(length)));
  } else {
    const first = random.integer(length);
    const size = kind === 1 ? 1 : 1 + random.integer(length - first);
    const stretch = order.splice(first, size);
    order.splice(random.integer(order.length + 1), 0, ...stretch);
  }
  return Uint32Array.from(order);
}
