import { createDiffieHellman } from 'node:crypto';

/** Big-endian bytes of fixed length. */
export function toBytes(value: bigint, length: number): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'));
}

export function fromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}

/**
 * base^exponent mod modulus, by OpenSSL: the public value of a Diffie-Hellman exchange is exactly
 * this power, and it takes a fourth of the time of BigInt arithmetic.
 */
export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const length = Math.ceil(modulus.toString(16).length / 2);
  const exchange = createDiffieHellman(toBytes(modulus, length), toBytes(base, length));
  exchange.setPrivateKey(toBytes(exponent, length));
  return BigInt(`0x${exchange.generateKeys('hex')}`);
}
