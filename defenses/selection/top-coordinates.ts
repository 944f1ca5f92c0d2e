/** Radix sort and selection work on 16 bits at a time, from the highest digit on. */
const DIGITS = 4;
const BUCKETS = 1 << 16;

/**
 * Indices of the `count` largest scores in descending order; equal scores in order of their index.
 * Exact, in time linear in the number of scores.
 *
 * @throws {RangeError} when a score is not a number, or there are fewer scores than asked for.
 */
export function topCoordinates(scores: Float64Array, count: number): Uint32Array {
  if (count > scores.length)
    throw new RangeError(`the ${count} largest of ${scores.length} scores were asked for`);
  const keys = descendingKeys(scores);
  const chosen = selectSmallest(keys, count);
  return sortByKey(keys, chosen);
}

/** 64-bit keys as four 16-bit digits each, lowest first, whose order is that of falling scores. */
function descendingKeys(scores: Float64Array): Uint16Array {
  const keys = new Uint16Array(DIGITS * scores.length);
  const value = new Float64Array(1);
  const words = new Uint32Array(value.buffer);
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at] as number;
    if (Number.isNaN(score)) throw new RangeError(`the score of coordinate ${at} is not a number`);
    // Adding 0 makes -0 and 0 the same key.
    value[0] = score + 0;
    let low = words[0] as number;
    let high = words[1] as number;
    // IEEE bits of positive numbers rise with the number, so they are flipped; those of negative
    // numbers fall, so only the sign is set off against the positive ones.
    if (high >>> 31 === 0) {
      low = ~low;
      high = ~high & 0x7fffffff;
    }
    const first = DIGITS * at;
    keys[first] = low;
    keys[first + 1] = low >>> 16;
    keys[first + 2] = high;
    keys[first + 3] = high >>> 16;
  }
  return keys;
}

/** Indices of the `count` smallest keys, in index order within each digit's decision. */
function selectSmallest(keys: Uint16Array, count: number): Uint32Array {
  const chosen = new Uint32Array(count);
  let taken = 0;
  let undecided = new Uint32Array(keys.length / DIGITS);
  for (let at = 0; at < undecided.length; at++) undecided[at] = at;
  for (let digit = DIGITS - 1; digit >= 0 && taken < count; digit--) {
    const sizes = new Uint32Array(BUCKETS);
    for (let at = 0; at < undecided.length; at++) {
      const index = undecided[at] as number;
      const bucket = keys[DIGITS * index + digit] as number;
      sizes[bucket] = (sizes[bucket] as number) + 1;
    }
    let threshold = 0;
    for (let below = taken; below + (sizes[threshold] as number) < count; threshold++)
      below += sizes[threshold] as number;
    const tied = new Uint32Array(sizes[threshold] as number);
    let ties = 0;
    for (let at = 0; at < undecided.length; at++) {
      const index = undecided[at] as number;
      const bucket = keys[DIGITS * index + digit] as number;
      if (bucket < threshold) chosen[taken++] = index;
      else if (bucket === threshold) tied[ties++] = index;
    }
    undecided = tied;
  }
  // What is still undecided is equal in every digit; the lowest indices win.
  chosen.set(undecided.subarray(0, count - taken), taken);
  return chosen.sort();
}

/** Stable least-significant-digit radix sort: equal keys stay in index order. */
function sortByKey(keys: Uint16Array, indices: Uint32Array): Uint32Array {
  let from = indices;
  let to: Uint32Array = new Uint32Array(indices.length);
  for (let digit = 0; digit < DIGITS; digit++) {
    const starts = new Uint32Array(BUCKETS + 1);
    for (let at = 0; at < from.length; at++) {
      const index = from[at] as number;
      const next = (keys[DIGITS * index + digit] as number) + 1;
      starts[next] = (starts[next] as number) + 1;
    }
    for (let bucket = 1; bucket <= BUCKETS; bucket++)
      starts[bucket] = (starts[bucket] as number) + (starts[bucket - 1] as number);
    for (let at = 0; at < from.length; at++) {
      const index = from[at] as number;
      const bucket = keys[DIGITS * index + digit] as number;
      const position = starts[bucket] as number;
      to[position] = index;
      starts[bucket] = position + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}
