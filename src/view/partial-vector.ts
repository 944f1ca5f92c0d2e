import {
  type CoordinateSet,
  complement,
  countCoordinates,
  gather,
  scatter,
} from './coordinate-set.ts';

export type { CoordinateSet } from './coordinate-set.ts';

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
    const count = countCoordinates(known);
    if (count !== values.length)
      throw new RangeError(`${values.length} values for ${count} known coordinates`);
    this.known = known;
    this.values = values;
  }

  /** The values of `full` on the known coordinates. */
  static restrict(full: Float32Array, known: CoordinateSet): PartialVector {
    if (full.length !== known.length)
      throw new RangeError(`a set of ${known.length} coordinates for ${full.length} values`);
    return new PartialVector(known, gather(full, known));
  }

  /** The part of `full` that is in plaintext under an encryption mask (1 = encrypted). */
  static plaintextPart(full: Float32Array, encrypted: CoordinateSet): PartialVector {
    return PartialVector.restrict(full, complement(encrypted));
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

  get isComplete(): boolean {
    return this.values.length === this.known.length;
  }

  /** `fallback` with the known coordinates written over it; a new array. */
  fillFrom(fallback: Float32Array): Float32Array {
    const full = fallback.slice();
    this.writeTo(full);
    return full;
  }

  /** Writes the known coordinates over `full`, in place. */
  writeTo(full: Float32Array): void {
    if (full.length !== this.length)
      throw new RangeError(`a vector of ${full.length} values for ${this.length}`);
    if (this.isComplete) full.set(this.values);
    else scatter(this.values, this.known, full);
  }
}
