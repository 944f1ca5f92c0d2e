/** A tensor of a safetensors file: its bytes as they lie in the file, row-major, little-endian. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Bytes per value of the format's types. */
const TYPE_BYTES: Readonly<Record<string, number>> = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4 },
  ...{ F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1 },
};

/** The format's own limit. */
const MOST_HEADER_BYTES = 100_000_000;

/**
 * The tensors of a safetensors file, which share its memory: a little-endian u64 with the header's
 * length, the header (JSON: name → dtype, shape, data_offsets), then the data. As in the reference
 * implementation, tensors cover the data without gap or overlap.
 *
 * @param name the file, for messages
 * @throws {RangeError} naming the file and what is wrong with it
 */
export function decodeSafetensors(
  file: Uint8Array,
  name: string,
): ReadonlyMap<string, StoredTensor> {
  const reject = (what: string): never => {
    throw new RangeError(`${name} is no safetensors file: ${what}.`);
  };
  if (file.length < 8) reject(`it has ${file.length} bytes, too few for the length of a header`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const announced = view.getBigUint64(0, true);
  if (announced > MOST_HEADER_BYTES)
    reject(`it announces a header of ${announced} bytes; the most is ${MOST_HEADER_BYTES}`);
  const length = Number(announced);
  if (8 + length > file.length)
    reject(`it announces a header of ${length} bytes and ends after ${file.length - 8}`);
  const header = parseHeader(file.subarray(8, 8 + length), reject);
  const data = file.subarray(8 + length);

  const tensors = Object.entries(header)
    .filter(([key]) => key !== '__metadata__')
    .map(([key, entry]) => ({ key, ...checkedEntry(key, entry, reject) }));
  let end = 0;
  for (const { key, from, to } of tensors.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end)
      reject(`the data of "${key}" begins at ${from}, where the tensor before it ends at ${end}`);
    if (to > data.length)
      reject(`the data of "${key}" ends at ${to}, and the file has ${data.length} bytes of data`);
    end = to;
  }
  if (end !== data.length)
    reject(`it has ${data.length} bytes of data, of which no tensor has those from ${end} on`);
  return new Map(
    tensors.map(({ key, dtype, shape, from, to }) => [
      key,
      { dtype, shape, bytes: data.subarray(from, to) },
    ]),
  );
}

/**
 * A tensor's values as float32.
 * @throws {RangeError} for a type that holds no floating-point numbers
 */
export function floatsOf({ dtype, bytes }: StoredTensor): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[dtype];
  const size = TYPE_BYTES[dtype];
  if (!read || !size)
    throw new RangeError(
      `values of type ${dtype} are no floating-point numbers; ${Object.keys(readers).join(', ')} are`,
    );
  const values = new Float32Array(bytes.length / size);
  for (let at = 0; at < values.length; at++) values[at] = read(view, at * size);
  return values;
}

const readers: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  F64: (view, at) => view.getFloat64(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  F16: (view, at) => halfFloat(view.getUint16(at, true)),
  BF16: (view, at) => bfloat(view.getUint16(at, true)),
};

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));

/** The upper half of a binary32. */
function bfloat(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

type Reject = (what: string) => never;

function parseHeader(bytes: Uint8Array, reject: Reject): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    reject(`its header is no JSON in UTF-8 (${(error as Error).message})`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    reject('its header is no JSON object');
  return parsed as Record<string, unknown>;
}

function checkedEntry(key: string, entry: unknown, reject: Reject) {
  const fields = (typeof entry === 'object' ? entry : null) as Record<string, unknown> | null;
  const { dtype, shape, data_offsets: offsets } = fields ?? {};
  const size =
    typeof dtype === 'string' && Object.hasOwn(TYPE_BYTES, dtype) ? TYPE_BYTES[dtype] : undefined;
  if (size === undefined) reject(`"${key}" has the type ${JSON.stringify(dtype)}, which is none`);
  if (!isCounts(shape)) reject(`"${key}" has the shape ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2)
    reject(`"${key}" has the data offsets ${JSON.stringify(offsets)}`);
  const [from, to] = offsets as [number, number];
  const lengths = shape as number[];
  const expected = lengths.reduce((product, one) => product * one, size as number);
  if (!Number.isSafeInteger(expected) || to - from !== expected)
    reject(
      `"${key}", ${dtype} of shape [${lengths.join(', ')}], needs ${expected} bytes and has ${to - from}`,
    );
  return { dtype: dtype as string, shape: lengths, from, to };
}

/** A list of whole numbers ≥ 0. */
function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}
