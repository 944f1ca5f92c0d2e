import { CipherAggregator, countCalls, KeyDecryptor, KeyEncryptor } from './roles.ts';
import {
  type Aggregator,
  type Block,
  CiphertextError,
  type EncryptedVector,
  type GroupKeyRing,
  type ParameterSet,
} from './scheme.ts';
import type { SchemeOptions } from './scheme-options.ts';
import { checkBlocks, checkKindAggregate, checkShares } from './vector-checks.ts';
import type { Executor } from './work/executor.ts';
import { openExecutor } from './work/open-executor.ts';
import type { KeyMaterial } from './work/operations.ts';

/**
 * MaskCrypt §3.3: every client has its own key pair; what is encrypted is split evenly into as many
 * blocks as clients take part, block j is encrypted under client j's key, and only client j can
 * decrypt the aggregate of block j, which it returns to the server. So c colluding clients open c/K
 * of what everybody encrypted.
 */
export async function openPerClientKeyRing(
  set: ParameterSet,
  options: SchemeOptions,
  clients: number,
  workers: number,
): Promise<GroupKeyRing> {
  const executor = openExecutor({ parameterSet: set.id, options }, workers);
  const nextCall = countCalls();
  const pairs = await Promise.all(
    Array.from({ length: clients }, () => executor.submit('generateKeys', [], () => ({}))),
  );
  const publicKeys = pairs.map(
    ({ publicKey }, client): KeyMaterial => ({ id: 2 * client, kind: 'public', bytes: publicKey }),
  );
  const secretKeys = pairs.map(
    ({ secretKey }, client): KeyMaterial => ({
      id: 2 * client + 1,
      kind: 'secret',
      bytes: secretKey,
    }),
  );
  const publicBytes = publicKeys.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const keyOf = (keys: readonly KeyMaterial[], client: number): KeyMaterial => {
    const key = keys[client];
    if (!key) throw new RangeError(`There is no client ${client} among ${clients}.`);
    return key;
  };
  return {
    keySetup: 'per-client',
    parameterSet: set,
    keyBytes: { perClient: publicBytes, server: publicBytes },
    encryptor: (client, participants) => ({
      async encrypt(values, weight) {
        const blocks = splitEvenly(values.length, participants);
        const parts = await eachBlock(blocks, ({ client: owner }, start, end) =>
          new KeyEncryptor(executor, set, keyOf(publicKeys, owner), client, nextCall).encrypt(
            values.subarray(start, end),
            weight,
          ),
        );
        return joinBlocks(parts, blocks);
      },
    }),
    aggregator: () => blockAggregator(executor, set, (owner) => keyOf(publicKeys, owner)),
    shareHolder: (client) => {
      const decryptor = new KeyDecryptor(executor, set, keyOf(secretKeys, client));
      return {
        async share(aggregate, openers) {
          const parts = takeBlocks(aggregate, set, 'aggregate');
          checkKindAggregate(aggregate);
          const own = parts.find((part) => part.client === client);
          if (!own) throw new RangeError(`Client ${client} has no block in this aggregate.`);
          const values = Float32Array.from(await decryptor.decrypt(own.vector));
          return { client, openers, payloads: [new Uint8Array(values.buffer)] };
        },
      };
    },
    merger: () => ({
      async merge(aggregate, shares) {
        const parts = takeBlocks(aggregate, set, 'aggregate');
        checkShares(shares);
        const values = new Float64Array(aggregate.length);
        let start = 0;
        for (const { client, vector } of parts) {
          const payload = shares.find((share) => share.client === client)?.payloads[0];
          if (!payload)
            throw new RangeError(
              `Client ${client} did not decrypt its block; nobody else can: with block keys the round is lost.`,
            );
          values.set(blockValues(payload, vector.length, client), start);
          start += vector.length;
        }
        return values;
      },
    }),
    close: () => executor.close(),
  };
}

function blockAggregator(
  executor: Executor,
  set: ParameterSet,
  keyOf: (client: number) => KeyMaterial,
): Aggregator {
  return {
    async weightedSum(vectors, weights) {
      const [first] = vectors;
      if (!first) throw new RangeError('There is nothing to aggregate: no vectors were given.');
      const parts = vectors.map((vector, k) => takeBlocks(vector, set, `vector ${k}`));
      parts.forEach((blocks, k) => {
        const same = parts[0]?.every(
          ({ client, vector }, j) =>
            blocks[j]?.client === client && blocks[j].vector.length === vector.length,
        );
        if (!same || blocks.length !== parts[0]?.length)
          throw new CiphertextError(`vector ${k}: blocks: not the ones of vector 0.`);
      });
      const blocks = first.blocks ?? [];
      const sums = await Promise.all(
        blocks.map(({ client }, j) => {
          const column = parts.map((part) => (part[j] as BlockPart).vector);
          return new CipherAggregator(executor, set, keyOf(client)).weightedSum(column, weights);
        }),
      );
      return joinBlocks(sums, blocks);
    },
  };
}

/** K consecutive blocks whose lengths differ by at most one. */
export function splitEvenly(length: number, participants: readonly number[]): Block[] {
  const count = participants.length;
  if (count === 0) throw new RangeError('Block keys need at least one participating client.');
  return participants.map((client, j) => ({
    client,
    length: Math.floor(((j + 1) * length) / count) - Math.floor((j * length) / count),
  }));
}

function eachBlock<T>(
  blocks: readonly Block[],
  body: (block: Block, start: number, end: number) => Promise<T>,
): Promise<T[]> {
  let start = 0;
  return Promise.all(
    blocks.map((block) => {
      const from = start;
      start += block.length;
      return body(block, from, start);
    }),
  );
}

function joinBlocks(parts: readonly EncryptedVector[], blocks: readonly Block[]): EncryptedVector {
  const first = parts[0] as EncryptedVector;
  return {
    ...first,
    length: blocks.reduce((sum, { length }) => sum + length, 0),
    ciphertexts: parts.flatMap(({ ciphertexts }) => ciphertexts),
    blocks,
  };
}

interface BlockPart {
  readonly client: number;
  readonly vector: EncryptedVector;
}

/** @throws {CiphertextError} blocks that don't cover the vector and its ciphertexts exactly. */
function takeBlocks(vector: EncryptedVector, set: ParameterSet, where: string): BlockPart[] {
  if (typeof vector !== 'object' || vector === null || !Array.isArray(vector.ciphertexts))
    throw new CiphertextError(`${where}: not an encrypted vector.`);
  const { blocks, ...rest } = vector;
  checkBlocks(blocks, where);
  let start = 0;
  const parts = blocks.map(({ client, length }) => {
    const count = Math.ceil(length / set.valuesPerCiphertext);
    const ciphertexts = vector.ciphertexts.slice(start, start + count);
    start += count;
    return { client, vector: { ...rest, length, ciphertexts } };
  });
  const total = blocks.reduce((sum, { length }) => sum + length, 0);
  if (total !== vector.length || start !== vector.ciphertexts.length)
    throw new CiphertextError(
      `${where}: blocks: ${total} values in ${start} ciphertexts instead of ${vector.length} in ${vector.ciphertexts.length}.`,
    );
  return parts;
}

function blockValues(payload: Uint8Array, length: number, client: number): Float32Array {
  if (!(payload instanceof Uint8Array) || payload.length !== 4 * length)
    throw new CiphertextError(
      `decrypted block of client ${client}: length: ${payload.length} bytes instead of ${4 * length}.`,
    );
  const values = new Float32Array(payload.slice().buffer);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at !== -1)
    throw new CiphertextError(
      `decrypted block of client ${client}: value ${at} is ${values[at]}, not a finite number.`,
    );
  return values;
}
