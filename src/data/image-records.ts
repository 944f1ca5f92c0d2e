import type { LabelledSamples } from './dataset.ts';
import { DatasetError } from './errors.ts';

/**
 * The binary format of CIFAR-10 and CIFAR-100: per image its labels, one byte each, then 1,024 bytes
 * of red, green and blue each, row by row.
 */
export interface RecordFormat {
  /** 1, or 2 with a coarse class first; the last one is taken. */
  readonly labelBytes: 1 | 2;
  readonly classes: number;
}

export interface RecordFile {
  /** For messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const RECORD_SHAPE = [32, 32, 3] as const;
const PIXELS = 32 * 32;
const IMAGE_BYTES = 3 * PIXELS;

/** @throws {DatasetError} naming the file when it isn't made of whole records */
export function countRecords({ name, bytes }: RecordFile, { labelBytes }: RecordFormat): number {
  const size = labelBytes + IMAGE_BYTES;
  if (bytes.length === 0 || bytes.length % size !== 0)
    throw new DatasetError(
      `${name} has ${bytes.length} bytes, which are no whole records of ${size} bytes.`,
    );
  return bytes.length / size;
}

/**
 * The images at `indices`, counted through all files, channels last and pixels in [0, 1].
 *
 * @throws {DatasetError} naming the file and the record when a label is too large
 */
export function decodeRecords(
  files: readonly RecordFile[],
  format: RecordFormat,
  indices: Uint32Array,
): LabelledSamples {
  const size = format.labelBytes + IMAGE_BYTES;
  const places = files.flatMap((file) =>
    Array.from({ length: countRecords(file, format) }, (_, record) => ({ file, record })),
  );
  const inputs = new Float32Array(indices.length * IMAGE_BYTES);
  const labels = new Int32Array(indices.length);
  indices.forEach((index, at) => {
    const place = places[index];
    if (!place) throw new RangeError(`no image ${index} among ${places.length}`);
    const { bytes, name } = place.file;
    const start = place.record * size;
    const label = bytes[start + format.labelBytes - 1] as number;
    if (label >= format.classes)
      throw new DatasetError(
        `${name}: image ${place.record + 1} has the class ${label}; it must be below ${format.classes}.`,
      );
    labels[at] = label;
    const planes = bytes.subarray(start + format.labelBytes, start + size);
    for (let pixel = 0; pixel < PIXELS; pixel++)
      for (let channel = 0; channel < 3; channel++)
        inputs[at * IMAGE_BYTES + 3 * pixel + channel] =
          (planes[channel * PIXELS + pixel] as number) / 255;
  });
  return { count: indices.length, inputShape: RECORD_SHAPE, inputs, labels };
}

/** Records of one label byte each, from interleaved pixels ([count, 1024, 3]) as PNG files hold them. */
export function encodeRecords(pixels: Uint8Array, labels: readonly number[]): Uint8Array {
  const records = new Uint8Array(labels.length * (1 + IMAGE_BYTES));
  labels.forEach((label, at) => {
    const record = records.subarray(at * (1 + IMAGE_BYTES), (at + 1) * (1 + IMAGE_BYTES));
    record[0] = label;
    for (let pixel = 0; pixel < PIXELS; pixel++)
      for (let channel = 0; channel < 3; channel++)
        record[1 + channel * PIXELS + pixel] = pixels[
          at * IMAGE_BYTES + 3 * pixel + channel
        ] as number;
  });
  return records;
}
