/** The IDX format of LeCun's MNIST page: a big-endian header, then one unsigned byte per value. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Decodes an IDX file of unsigned bytes: 0, 0, type 0x08, number of dimensions, one big-endian
 * uint32 per dimension, data.
 *
 * @param name the file, for messages
 * @throws {RangeError} naming the file and the header field that is wrong
 */
export function decodeIdx(file: Uint8Array, name: string): IdxArray {
  const reject = (what: string): never => {
    throw new RangeError(`${name} is no IDX file of unsigned bytes: ${what}.`);
  };
  if (file.length < 4) reject(`it has ${file.length} bytes, too few for a header`);
  const header = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (header.getUint16(0) !== 0) reject('its first two bytes are not zero');
  const type = header.getUint8(2);
  if (type !== UNSIGNED_BYTE) reject(`its type byte is 0x${type.toString(16)}, not 0x08`);
  const dimensions = header.getUint8(3);
  const dataStart = 4 + 4 * dimensions;
  if (dimensions === 0) reject('it has no dimensions');
  if (file.length < dataStart) reject(`its header ends after ${file.length} bytes`);
  const shape = Array.from({ length: dimensions }, (_, axis) => header.getUint32(4 + 4 * axis));
  const expected = shape.reduce((product, length) => product * length, 1);
  const found = file.length - dataStart;
  if (found !== expected)
    reject(`a shape of ${shape.join(' × ')} needs ${expected} bytes of data and it has ${found}`);
  return { shape, bytes: file.subarray(dataStart) };
}
