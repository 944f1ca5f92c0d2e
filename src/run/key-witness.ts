import type {
  EncryptedVector,
  GroupKeyRing,
  KeyRing,
  ParameterSet,
  ParameterSetId,
} from '../crypto/scheme.ts';
import { defaultOptions } from '../crypto/scheme-options.ts';
import { openContext } from '../crypto/seal/context.ts';
import { loadSeal, withSeal } from '../crypto/seal/library.ts';
import { sealParameters } from '../crypto/seal/seal-parameters.ts';
import { ciphertextHeaderBytes, plaintextHeaderBytes } from '../crypto/seal/wire.ts';
import type { KeyEvidence, KeyEvidenceRecord, Residues } from '../view/key-evidence.ts';
import { ciphertextsNeeded } from '../view/key-recovery.ts';

type AnyKeyRing = KeyRing | GroupKeyRing;
type Owner = KeyEvidence['owner'];

/** A key ring under the server's eyes. */
export interface WitnessedKeys {
  /** To be used in place of the ring; it does the same. */
  readonly ring: AnyKeyRing;
  /** What the server can attack the keys with, once the protocol is over. */
  evidence(): Promise<KeyEvidenceRecord>;
}

/** A ciphertext and what the server was shown of its decryption. */
interface Sighting {
  readonly c0: Residues;
  readonly c1: Residues;
  /** Of the plaintext. */
  readonly scale: number;
  /** A partial decryption, or returned values. */
  readonly shown: Residues | Float64Array;
}

/** Clients whose keys are looked at: more would only repeat what these show. */
const MOST_OWNERS = 64;
/** Where noise or rounding protects keys, a few are enough to show that it does. */
const FEW_OWNERS = 4;

/**
 * Looks on while a protocol uses its keys, and keeps a few ciphertexts of each with what of their
 * decryption reached the server: partial decryptions; the values of a client's block; where the server
 * learns the aggregate, the aggregate's values. Nothing else is kept, but returned values are kept in
 * float64 too, and marked as what the server did not get.
 *
 * @param setting whether decrypted values are returned to the server, and whether partial decryptions
 *   carry noise
 */
export function witnessKeys(
  ring: AnyKeyRing,
  setting: { readonly serverLearns: 'plain-part' | 'aggregate'; readonly flooding?: boolean },
): WitnessedKeys {
  const sightings = new Map<Owner, Sighting[]>();
  const set = ring.parameterSet;
  const isCkks = set.scheme === 'ckks';
  const degree = isCkks ? sealParameters(set.id).degree : 0;
  // Full-slot packing puts two messages into a ciphertext; only one per slot is attacked here.
  const attackable = isCkks && set.valuesPerCiphertext === degree / 2;
  const mostOwners = setting.flooding === false ? MOST_OWNERS : FEW_OWNERS;
  /** With keys of their own, clients decrypt their own uploads, not the aggregate. */
  const uploads = new Map<number, readonly Uint8Array[]>();
  let openers: readonly number[] | undefined;

  const wants = (owner: Owner, most: number) =>
    attackable &&
    (sightings.get(owner)?.length ?? 0) < most &&
    (sightings.has(owner) || sightings.size < mostOwners);
  const note = (owner: Owner, ciphertext: Uint8Array, shown: Residues | Float64Array) => {
    const known = sightings.get(owner) ?? [];
    sightings.set(owner, [...known, { ...firstResidues(ciphertext, degree), shown }]);
  };
  const noteValues = (owner: Owner, ciphertexts: readonly Uint8Array[], values: Float64Array) => {
    const most = ciphertextsNeeded('values');
    // What is in a slot whose value was not returned is unknown, and every slot counts.
    const full = Math.floor(values.length / set.valuesPerCiphertext);
    for (let at = Math.max(0, full - most); at < full; at++) {
      const range = [at, at + 1].map((end) => end * set.valuesPerCiphertext);
      if (!wants(owner, Number.POSITIVE_INFINITY)) return;
      note(owner, ciphertexts[at] as Uint8Array, values.slice(...range));
      // The last ones stay: what clients open among themselves, as scores for a mask, comes before.
      sightings.set(owner, (sightings.get(owner) ?? []).slice(-most));
    }
  };

  const witnessed: AnyKeyRing =
    'decryptor' in ring
      ? {
          ...ring,
          decryptor: (client) => ({
            async decrypt(vector) {
              const values = await ring.decryptor(client).decrypt(vector);
              if (setting.serverLearns === 'aggregate' && vector.kind === 'aggregate')
                noteValues('all', vector.ciphertexts, values);
              return values;
            },
          }),
        }
      : {
          ...ring,
          encryptor: (client, participants) => ({
            async encrypt(values, weight) {
              const upload = await ring.encryptor(client, participants).encrypt(values, weight);
              const kept = upload.ciphertexts.slice(0, ciphertextsNeeded('partial-decryption'));
              if (ring.keySetup === 'own-key') uploads.set(client, kept);
              return upload;
            },
          }),
          shareHolder: (client) => ({
            async share(aggregate, together) {
              const share = await ring.shareHolder(client).share(aggregate, together);
              const own = uploads.get(client) ?? ownCiphertexts(aggregate, client, set);
              if (ring.keySetup === 'per-client') {
                const bytes = (share.payloads[0] ?? new Uint8Array()).slice();
                noteValues(client, own, Float64Array.from(new Float32Array(bytes.buffer)));
                return share;
              }
              // A client's share of a threshold key is another one for other openers.
              openers ??= together;
              if (ring.keySetup === 'own-key' || openers.join() === together.join())
                own.forEach((ciphertext, at) => {
                  const payload = share.payloads[at];
                  if (payload && wants(client, ciphertextsNeeded('partial-decryption')))
                    note(client, ciphertext, residuesAt(payload, 0, degree));
                });
              return share;
            },
          }),
        };

  return {
    ring: witnessed,
    async evidence() {
      if (sightings.size === 0) return { opens: 'nothing', evidence: [], reason: nothing() };
      const evidence = await evidenceOf(set.id, sightings);
      const { keySetup } = ring;
      if (keySetup !== 'joint' && keySetup !== 'threshold') return { opens: 'own', evidence };
      return { opens: openers?.length === sightings.size ? 'together' : 'nothing', evidence };
    },
  };

  function nothing(): string {
    if (ring.keySetup === 'none') return 'Nothing is encrypted, so there is no key to recover.';
    if (!isCkks)
      return `${set.title} decrypts exactly; what the server is shown of it tells nothing of the key.`;
    if (!attackable) return 'The attack does not know ciphertexts with two values per slot.';
    if (setting.serverLearns === 'plain-part' && 'decryptor' in ring)
      return 'No decrypted value of a ciphertext is returned to the server.';
    return `No ciphertext was returned to the server with the values of all its ${set.valuesPerCiphertext} slots: too few coordinates are encrypted.`;
  }
}

/** The ciphertexts of an aggregate that a client decrypts: its own block, or all. */
function ownCiphertexts(
  { ciphertexts, blocks }: EncryptedVector,
  client: number,
  { valuesPerCiphertext }: ParameterSet,
): readonly Uint8Array[] {
  if (!blocks) return ciphertexts;
  let first = 0;
  for (const block of blocks) {
    const count = Math.ceil(block.length / valuesPerCiphertext);
    if (block.client === client) return ciphertexts.slice(first, first + count);
    first += count;
  }
  return [];
}

/** Where SEAL writes a ciphertext's scale. */
const SCALE_AT = 73;

/** Both polynomials modulo the first prime, and the scale. */
function firstResidues(ciphertext: Uint8Array, degree: number) {
  const polynomial = (ciphertext.length - ciphertextHeaderBytes) / 2;
  return {
    c0: residuesAt(ciphertext, ciphertextHeaderBytes, degree),
    c1: residuesAt(ciphertext, ciphertextHeaderBytes + polynomial, degree),
    scale: new DataView(ciphertext.buffer, ciphertext.byteOffset).getFloat64(SCALE_AT, true),
  };
}

function residuesAt(bytes: Uint8Array, start: number, degree: number): Residues {
  return new BigUint64Array(bytes.slice(start, start + 8 * degree).buffer);
}

async function evidenceOf(
  id: ParameterSetId,
  sightings: ReadonlyMap<Owner, readonly Sighting[]>,
): Promise<KeyEvidence[]> {
  const seal = await loadSeal();
  const { context, keyPrimes } = openContext(seal, sealParameters(id), defaultOptions);
  const prime = keyPrimes[0] as bigint;
  const encoder = seal.CKKSEncoder(context);
  /** m + τ(m), which decodes to twice the real parts: what anybody computes from returned values. */
  const encodeTwice = (values: Float64Array, scale: number) =>
    withSeal((scope) => {
      const plaintext = scope(seal.PlainText());
      encoder.encode(values, 2 * scale, plaintext);
      const bytes = plaintext.saveArray(seal.ComprModeType.none);
      return residuesAt(bytes, plaintextHeaderBytes, 2 * values.length);
    });
  const evidence: KeyEvidence[] = [];
  for (const [owner, seen] of sightings) {
    const shown = (encode: (values: Float64Array, scale: number) => Residues) =>
      seen.map(({ c0, c1, scale, shown }) => ({
        ...{ c0, c1 },
        shown: shown instanceof Float64Array ? encode(shown, scale) : shown,
      }));
    if (!(seen[0]?.shown instanceof Float64Array)) {
      evidence.push({ owner, shows: 'partial-decryption', prime, ciphertexts: shown(encodeTwice) });
      continue;
    }
    const values = { owner, shows: 'values', prime } as const;
    const rounded = shown((values, scale) => encodeTwice(values.map(Math.fround), scale));
    evidence.push({ ...values, precision: 'float32', ciphertexts: rounded });
    // A client's block travels in float32: nobody else has ever had more.
    if (owner === 'all')
      evidence.push({ ...values, precision: 'float64', ciphertexts: shown(encodeTwice) });
  }
  encoder.delete();
  context.delete();
  return evidence;
}
