import { createHash } from 'node:crypto';

/**
 * One binary file for a JSON tree that holds typed arrays.
 *
 *     magic "hefl-art" · u32 version · u32 header bytes · header (UTF-8 JSON) · zeros up to a
 *     multiple of 8 · buffers, little-endian, each padded to a multiple of 8 · sha256 of all before
 *
 * In the header's tree a typed array is `{"$array": k}`, an infinite or undefined number
 * `{"$number": "Infinity"}`; an object with a key that starts with `$` is refused.
 */
const MAGIC = Buffer.from('hefl-art', 'latin1');
const VERSION = 1;
const PREFIX_BYTES = 16;
const DIGEST_BYTES = 32;

const ARRAY_TYPES = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
} as const;
type ArrayTypeName = keyof typeof ARRAY_TYPES;
export type StoredArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

export type ArtifactTree =
  | null
  | boolean
  | number
  | string
  | StoredArray
  | readonly ArtifactTree[]
  | { readonly [key: string]: ArtifactTree | undefined };

/** A stored file that can't be used; it is computed again. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';
  readonly file: string;
  /** The part of the file that is wrong: `magic`, `version`, `length`, `header`, `sha256` … */
  readonly field: string;

  constructor(file: string, field: string, reason: string) {
    super(`${file} is damaged: ${field} ${reason}`);
    this.file = file;
    this.field = field;
  }
}

/** @throws {TypeError} naming the place of a value that is no JSON and no typed array. */
export function encodeArtifact(tree: ArtifactTree): Buffer {
  const arrays: StoredArray[] = [];
  const json = toHeader(tree, '', arrays);
  const header = Buffer.from(
    JSON.stringify({
      tree: json,
      arrays: arrays.map((array) => [array.constructor.name, array.length]),
    }),
  );
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MAGIC.copy(prefix);
  prefix.writeUInt32LE(VERSION, 8);
  prefix.writeUInt32LE(header.length, 12);
  const parts: Uint8Array[] = [prefix, header, padding(PREFIX_BYTES + header.length)];
  for (const array of arrays) {
    parts.push(littleEndianBytes(array), padding(array.byteLength));
  }
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Buffer.concat([...parts, hash.digest()]);
}

/**
 * @param file names the file in errors.
 * @throws {ArtifactError} naming the field that is wrong.
 */
export function decodeArtifact(bytes: Uint8Array, file: string): ArtifactTree {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < PREFIX_BYTES + DIGEST_BYTES)
    throw new ArtifactError(file, 'length', `is only ${buffer.length} bytes`);
  if (!buffer.subarray(0, MAGIC.length).equals(MAGIC))
    throw new ArtifactError(file, 'magic', 'is not the one of a hefl artifact');
  const version = buffer.readUInt32LE(8);
  if (version !== VERSION)
    throw new ArtifactError(file, 'version', `is ${version}; this hefl reads ${VERSION}`);
  const body = buffer.subarray(0, buffer.length - DIGEST_BYTES);
  if (!createHash('sha256').update(body).digest().equals(buffer.subarray(body.length)))
    throw new ArtifactError(file, 'sha256', 'does not match the content (truncated or changed)');

  const headerEnd = PREFIX_BYTES + buffer.readUInt32LE(12);
  if (headerEnd > body.length) throw new ArtifactError(file, 'header', 'is longer than the file');
  const { tree, arrays } = parseHeader(body.toString('utf8', PREFIX_BYTES, headerEnd), file);
  let offset = headerEnd + padding(headerEnd).length;
  const values = arrays.map(([type, length], at) => {
    const byteLength = length * ARRAY_TYPES[type].BYTES_PER_ELEMENT;
    if (offset + byteLength > body.length)
      throw new ArtifactError(file, `array ${at}`, 'ends after the file');
    const array = fromLittleEndian(type, body.subarray(offset, offset + byteLength));
    offset += byteLength + padding(byteLength).length;
    return array;
  });
  if (offset !== body.length)
    throw new ArtifactError(file, 'length', `is ${body.length}, its header says ${offset}`);
  return fromHeader(tree, values, file);
}

function padding(byteLength: number): Buffer {
  return Buffer.alloc((8 - (byteLength % 8)) % 8);
}

function toHeader(value: unknown, place: string, arrays: StoredArray[]): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: numberName(value) };
  if (isStoredArray(value)) return { $array: arrays.push(value) - 1 };
  if (Array.isArray(value))
    return value.map((item, at) => toHeader(item, `${place}[${at}]`, arrays));
  if (typeof value === 'object' && isPlain(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(
      entries.map(([key, item]) => {
        if (key.startsWith('$')) throw new TypeError(`the key ${place}.${key} is reserved`);
        return [key, toHeader(item, `${place}.${key}`, arrays)];
      }),
    );
  }
  throw new TypeError(`${place || 'the value'} is neither JSON nor a typed array`);
}

function numberName(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isStoredArray(value: unknown): value is StoredArray {
  return ArrayBuffer.isView(value) && value.constructor.name in ARRAY_TYPES;
}

type Header = { tree: unknown; arrays: [ArrayTypeName, number][] };

function parseHeader(text: string, file: string): Header {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new ArtifactError(file, 'header', 'is not JSON');
  }
  const { tree, arrays } = (header ?? {}) as { tree?: unknown; arrays?: unknown };
  const valid =
    tree !== undefined &&
    Array.isArray(arrays) &&
    arrays.every(
      (entry) =>
        Array.isArray(entry) &&
        Object.hasOwn(ARRAY_TYPES, String(entry[0])) &&
        Number.isSafeInteger(entry[1]) &&
        entry[1] >= 0,
    );
  if (!valid) throw new ArtifactError(file, 'header', 'describes no tree with typed arrays');
  return { tree, arrays: arrays as [ArrayTypeName, number][] };
}

function fromHeader(value: unknown, arrays: readonly StoredArray[], file: string): ArtifactTree {
  if (Array.isArray(value)) return value.map((item) => fromHeader(item, arrays, file));
  if (typeof value !== 'object' || value === null) return value as ArtifactTree;
  const object = value as Record<string, unknown>;
  if ('$number' in object) return Number(object.$number);
  if ('$array' in object) {
    const array = arrays[Number(object.$array)];
    if (!array) throw new ArtifactError(file, 'header', 'names an array that is not there');
    return array;
  }
  return Object.fromEntries(
    Object.entries(object).map(([key, item]) => [key, fromHeader(item, arrays, file)]),
  );
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function littleEndianBytes(array: StoredArray): Buffer {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return HOST_IS_LITTLE_ENDIAN ? bytes : swapped(bytes, array.BYTES_PER_ELEMENT);
}

/** A copy of its own, so that one small array doesn't keep the whole file in memory. */
function fromLittleEndian(type: ArrayTypeName, bytes: Buffer): StoredArray {
  const own = HOST_IS_LITTLE_ENDIAN
    ? Uint8Array.from(bytes)
    : swapped(bytes, ARRAY_TYPES[type].BYTES_PER_ELEMENT);
  return new ARRAY_TYPES[type](own.buffer as ArrayBuffer);
}

function swapped(bytes: Uint8Array, width: number): Buffer {
  const copy = Buffer.alloc(bytes.length);
  for (let at = 0; at < bytes.length; at++)
    copy[at] = bytes[at - (at % width) + width - 1 - (at % width)] as number;
  return copy;
}
