import { DatasetError } from './errors.ts';

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const ZERO = 0x30;

/** Bytes a row of bits takes. */
export const bytesPerRow = (features: number) => Math.ceil(features / 8);

/**
 * Packs comma-separated rows of 0 and 1 into bits, most significant first, as they arrive; fields may
 * be quoted. With `labelled`, the first column is the class, counted from 1.
 */
export class BitRowReader {
  readonly #name: string;
  readonly #features: number;
  readonly #bits: Uint8Array;
  readonly #labels: Uint8Array | undefined;
  #row = 0;
  #column: number;
  #value = -1;

  /**
   * @param name the file, for messages
   * @param rows how many there must be
   */
  constructor(
    name: string,
    { rows, features, labelled }: { rows: number; features: number; labelled: boolean },
  ) {
    this.#name = name;
    this.#features = features;
    this.#bits = new Uint8Array(rows * bytesPerRow(features));
    this.#labels = labelled ? new Uint8Array(rows) : undefined;
    this.#column = labelled ? -1 : 0;
  }

  write(piece: Uint8Array): void {
    for (const byte of piece) {
      if (byte === COMMA) this.#endField();
      else if (byte === NEWLINE) this.#endRow();
      else if (byte >= ZERO && byte < ZERO + 10)
        this.#value = 10 * Math.max(0, this.#value) + byte - ZERO;
      else if (byte !== RETURN && byte !== QUOTE)
        this.#fail(`has the character ${JSON.stringify(String.fromCharCode(byte))}`);
    }
  }

  /** @throws {DatasetError} when there are fewer rows than expected, here; others while writing. */
  end(): { readonly bits: Uint8Array; readonly labels: Uint8Array | undefined } {
    const first = this.#labels ? -1 : 0;
    if (this.#column > first || this.#value >= 0) this.#endRow();
    const rows = this.#bits.length / bytesPerRow(this.#features);
    if (this.#row !== rows)
      throw new DatasetError(`${this.#name} has ${this.#row} rows; there must be ${rows}.`);
    return { bits: this.#bits, labels: this.#labels };
  }

  #endField(): void {
    const value = this.#value;
    if (value < 0) this.#fail('has an empty field');
    if (this.#column < 0) this.#putLabel(value);
    else if (this.#column >= this.#features) this.#fail(`has more than ${this.#features} features`);
    else if (value > 1) this.#fail(`has the value ${value}, where only 0 and 1 may be,`);
    else if (value === 1) {
      const at = this.#row * bytesPerRow(this.#features) + (this.#column >> 3);
      this.#bits[at] = (this.#bits[at] ?? 0) | (0x80 >> (this.#column & 7));
    }
    this.#column++;
    this.#value = -1;
  }

  #putLabel(value: number): void {
    if (value < 1 || value > 256) this.#fail(`has the class ${value}`);
    if (this.#labels) this.#labels[this.#row] = value - 1;
  }

  #endRow(): void {
    if (this.#column < 0 && this.#value < 0) return;
    if (this.#column === 0 && this.#value < 0 && !this.#labels) return;
    this.#endField();
    if (this.#column !== this.#features)
      this.#fail(`has ${this.#column} features, not ${this.#features}`);
    if ((this.#row + 1) * bytesPerRow(this.#features) > this.#bits.length)
      this.#fail('is one more than there must be');
    this.#row++;
    this.#column = this.#labels ? -1 : 0;
  }

  #fail(what: string): never {
    throw new DatasetError(`${this.#name}: row ${this.#row + 1} ${what}.`);
  }
}
