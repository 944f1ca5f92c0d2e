/** One named tensor inside the flat parameter vector. */
export interface ParameterEntry {
  /** `layer.weight`, `layer.bias`, … in the order of the forward pass. */
  readonly name: string;
  readonly shape: readonly number[];
  /** First coordinate in the flat vector. */
  readonly offset: number;
  readonly size: number;
  /** A `buffer` (batch-norm statistics) is exchanged but has no gradient. */
  readonly kind: 'weight' | 'bias' | 'buffer';
  /** Index of the layer, counted from the input. */
  readonly layer: number;
}

/** The exchanged vector of a model as named tensors: flat coordinates ⇄ layers. */
export class ParameterLayout {
  readonly entries: readonly ParameterEntry[];
  /** Number of coordinates, N in the papers. */
  readonly size: number;

  constructor(tensors: readonly Omit<ParameterEntry, 'offset' | 'size'>[]) {
    let offset = 0;
    this.entries = tensors.map((tensor) => {
      const size = tensor.shape.reduce((product, length) => product * length, 1);
      const entry = { ...tensor, offset, size };
      offset += size;
      return entry;
    });
    this.size = offset;
  }

  /** Views (no copies) of a flat vector's tensors, in layout order. */
  split(flat: Float32Array): { shape: readonly number[]; data: Float32Array }[] {
    this.#requireSize(flat.length);
    return this.entries.map(({ shape, offset, size }) => ({
      shape,
      data: flat.subarray(offset, offset + size),
    }));
  }

  /** The flat vector of tensors given in layout order. */
  join(tensors: readonly { readonly data: ArrayLike<number> }[]): Float32Array {
    const flat = new Float32Array(this.size);
    if (tensors.length !== this.entries.length)
      throw new RangeError(`${tensors.length} tensors for a layout of ${this.entries.length}`);
    this.entries.forEach((entry, at) => {
      const { data } = tensors[at] as { data: ArrayLike<number> };
      if (data.length !== entry.size)
        throw new RangeError(`${entry.name} has ${data.length} values, not ${entry.size}`);
      flat.set(data, entry.offset);
    });
    return flat;
  }

  /** @throws {RangeError} when no tensor has that name. */
  entry(name: string): ParameterEntry {
    const found = this.entries.find((entry) => entry.name === name);
    if (!found)
      throw new RangeError(
        `no parameter is called ${name}; there are ${this.entries.map((e) => e.name).join(', ')}`,
      );
    return found;
  }

  #requireSize(length: number): void {
    if (length !== this.size)
      throw new RangeError(`a vector of ${length} values for a layout of ${this.size}`);
  }
}
