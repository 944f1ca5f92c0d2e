/** A serialised SEAL object: its header, then coefficients as little-endian uint64. */
export function withHeader(header: Uint8Array, ...limbs: readonly ArrayBufferView[]): Uint8Array {
  const length = limbs.reduce((sum, { byteLength }) => sum + byteLength, header.length);
  const bytes = new Uint8Array(length);
  bytes.set(header);
  let at = header.length;
  for (const { buffer, byteOffset, byteLength } of limbs) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}
