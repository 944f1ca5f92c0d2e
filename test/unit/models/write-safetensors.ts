/** A tensor to be written. */
export interface Written {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A safetensors file of these tensors, in this order. */
export function writeSafetensors(
  tensors: Readonly<Record<string, Written>>,
  more: object = {},
  spaces = 0,
): Buffer {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const from = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [from, end] }];
  });
  const header = JSON.stringify({ ...more, ...Object.fromEntries(entries) }) + ' '.repeat(spaces);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  const data = Object.values(tensors).map(({ bytes }) => bytes);
  return Buffer.concat([length, Buffer.from(header), ...data]);
}
