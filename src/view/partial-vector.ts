/** A set of coordinates of the parameter vector, one byte each: 1 = in the set. */
export type CoordinateSet = Uint8Array;

/**
 * A vector of which only some coordinates are known. The others have no value here at all: not a
 * zero, not a guess.
 */
export class PartialVector {
  /** 1 where the value is known. */
  readonly known: CoordinateSet;
  /** The known values, in coordinate order. */
  readonly values: Float32Array;

  /** @throws {RangeError} when the number of values is not the number of known coordinates. */
  constructor(known: CoordinateSet, values: Float32Array) {
    const count = known.reduce((sum, bit) => sum + bit, 0);
    if (count !== values.length)
      throw new RangeError(`${values.length} values for ${count} known coordinates`);
    this.known = known;
    this.values = values;
  }

  /** The part of `full` that is in plaintext under an encryption mask (1 = encrypted). */
  static plaintextPart(full: Float32Array, encrypted: CoordinateSet): PartialVector {
    const known = encrypted.map((bit) => 1 - bit);
    return new PartialVector(
      known,
      full.filter((_, at) => known[at] === 1),
    );
  }

  static complete(full: Float32Array): PartialVector {
    return new PartialVector(new Uint8Array(full.length).fill(1), full);
  }

  static unknown(length: number): PartialVector {
    return new PartialVector(new Uint8Array(length), new Float32Array(0));
  }

  get length(): number {
    return this.known.length;
  }

  /** `fallback` with the known coordinates written over it; a new array. */
  fillFrom(fallback: Float32Array): Float32Array {
    if (fallback.length !== this.length)
      throw new RangeError(`a fallback of ${fallback.length} values for ${this.length}`);
    const full = fallback.slice();
    let next = 0;
    for (let at = 0; at < this.known.length; at++)
      if (this.known[at] === 1) full[at] = this.values[next++] as number;
    return full;
  }
}
