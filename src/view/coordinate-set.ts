/** A set of coordinates of the parameter vector, one byte each: 1 = in the set. */
export type CoordinateSet = Uint8Array;

/**
 * Number of coordinates in the set.
 * @throws {RangeError} when a byte is neither 0 nor 1.
 */
export function countCoordinates(set: CoordinateSet): number {
  let count = 0;
  for (let at = 0; at < set.length; at++) {
    const bit = set[at] as number;
    if (bit > 1) throw new RangeError(`byte ${at} of a coordinate set is ${bit}, not 0 or 1`);
    count += bit;
  }
  return count;
}

/** The coordinates that are not in the set. */
export function complement(set: CoordinateSet): CoordinateSet {
  const others = new Uint8Array(set.length);
  for (let at = 0; at < set.length; at++) others[at] = 1 - (set[at] as number);
  return others;
}

export function everywhere(length: number): CoordinateSet {
  return new Uint8Array(length).fill(1);
}

export function intersection(a: CoordinateSet, b: CoordinateSet): CoordinateSet {
  const both = new Uint8Array(a.length);
  for (let at = 0; at < both.length; at++) both[at] = (a[at] as number) & (b[at] as number);
  return both;
}

export function union(a: CoordinateSet, b: CoordinateSet): CoordinateSet {
  const either = new Uint8Array(a.length);
  for (let at = 0; at < either.length; at++) either[at] = (a[at] as number) | (b[at] as number);
  return either;
}

/** The set of the given coordinates, out of `length`. */
export function coordinateSet(length: number, coordinates: Uint32Array): CoordinateSet {
  const set = new Uint8Array(length);
  for (let at = 0; at < coordinates.length; at++) {
    const coordinate = coordinates[at] as number;
    if (coordinate >= length)
      throw new RangeError(`coordinate ${coordinate} of a vector of ${length}`);
    set[coordinate] = 1;
  }
  return set;
}

/** The values of `full` on the set, in coordinate order. */
export function gather(
  full: Float32Array,
  set: CoordinateSet,
  count = countCoordinates(set),
): Float32Array {
  const values = new Float32Array(count);
  for (let at = 0, next = 0; next < count; at++)
    if (set[at] === 1) values[next++] = full[at] as number;
  return values;
}

/** Writes `values`, one per coordinate of the set in coordinate order, into `full`. */
export function scatter(
  values: ArrayLike<number>,
  set: CoordinateSet,
  full: Float32Array | Float64Array,
): void {
  for (let at = 0, next = 0; next < values.length; at++)
    if (set[at] === 1) full[at] = values[next++] as number;
}

/** Bytes of a set of `length` coordinates as a bitmap. */
export function bitmapBytes(length: number): number {
  return Math.ceil(length / 8);
}

/** The set as a bitmap, lowest bit first. */
export function packBitmap(set: CoordinateSet): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes(set.length));
  for (let at = 0; at < set.length; at++)
    if (set[at] === 1) bitmap[at >> 3] = (bitmap[at >> 3] as number) | (1 << (at & 7));
  return bitmap;
}

/**
 * The set that `packBitmap` packed.
 * @throws {RangeError} when the bitmap is not one of `length` coordinates.
 */
export function unpackBitmap(bitmap: Uint8Array, length: number): CoordinateSet {
  if (bitmap.length !== bitmapBytes(length))
    throw new RangeError(`a bitmap of ${bitmap.length} bytes for ${length} coordinates`);
  if (length % 8 !== 0 && (bitmap.at(-1) as number) >> (length % 8) !== 0)
    throw new RangeError(`a bitmap of ${length} coordinates has bits beyond its end`);
  const set = new Uint8Array(length);
  for (let at = 0; at < length; at++) set[at] = ((bitmap[at >> 3] as number) >> (at & 7)) & 1;
  return set;
}
