/** A task with more bytes gives its memory back; 100 ciphertexts of `ckks-tenseal` have 39 MB. */
const largestKept = 64 * 2 ** 20;

type TypedArray = Uint8Array | Float32Array;

/**
 * Shared memory through which a task's arrays reach its worker.
 *
 * The caller keeps its buffers, and one memory serves task after task: with a fresh copy of every
 * ciphertext the calling thread would take longer for page faults than two workers for the sums.
 */
export class Inbox {
  #memory = new SharedArrayBuffer(0);

  /** `message` with its arrays copied in here, valid until the inbox is cleared or written again. */
  write<T extends object>(message: T): T {
    let size = 0;
    withArrays(message, (array) => {
      size += space(array);
      return array;
    });
    if (size > this.#memory.byteLength) this.#memory = new SharedArrayBuffer(size);
    let at = 0;
    return withArrays(message, (array) => {
      const start = at;
      at += space(array);
      return copyTo(this.#memory, start, array);
    }) as T;
  }

  clear(): void {
    if (this.#memory.byteLength > largestKept) this.#memory = new SharedArrayBuffer(0);
  }
}

/** Bytes that keep the next array aligned. */
function space({ byteLength }: TypedArray): number {
  return Math.ceil(byteLength / 8) * 8;
}

function copyTo(memory: SharedArrayBuffer, start: number, array: TypedArray): TypedArray {
  if (array instanceof Float32Array) {
    const copy = new Float32Array(memory, start, array.length);
    copy.set(array);
    return copy;
  }
  const copy = new Uint8Array(memory, start, array.length);
  copy.set(array);
  return copy;
}

/** The same message with other arrays. */
function withArrays(value: unknown, replace: (array: TypedArray) => TypedArray): unknown {
  if (value instanceof Uint8Array || value instanceof Float32Array) return replace(value);
  if (Array.isArray(value)) return value.map((item) => withArrays(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).map(([name, part]) => [name, withArrays(part, replace)]);
  return Object.fromEntries(parts);
}
