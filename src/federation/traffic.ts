import type { KeyRing } from '../crypto/scheme.ts';
import { bitmapBytes, type CoordinateSet } from '../view/coordinate-set.ts';
import { type Aggregate, ciphertextBytes, type Upload } from './exchange.ts';
import { BYTES_PER_COORDINATE, BYTES_PER_VALUE, type Ledger, type RoundLedger } from './ledger.ts';
import type { Agreement } from './mask-agreement.ts';
import type { ClientUpdate } from './updates.ts';

/** Enters what travels between the parties into the ledger. */
export class Traffic {
  readonly #keyRing: KeyRing;
  readonly #ledger: Ledger;
  /** The mask each client was sent last. */
  readonly #held = new Map<number, CoordinateSet>();

  constructor(keyRing: KeyRing, ledger: Ledger) {
    this.#keyRing = keyRing;
    this.#ledger = ledger;
    ledger.keys('up', keyRing.keyBytes.server);
  }

  /**
   * Keys at a client's first round, proposals up, the final mask down. A mask of nothing or of
   * everything follows from the parameters, and one a client already holds is not sent again.
   */
  agreement(
    costs: RoundLedger,
    updates: readonly ClientUpdate[],
    { mask, proposals, clientSeconds }: Agreement,
    masked: number,
  ): void {
    const announced = masked > 0 && masked < mask.length;
    updates.forEach(({ client }, k) => {
      const held = this.#held.get(client);
      if (!held) this.#ledger.keys('down', this.#keyRing.keyBytes.perClient, client);
      if (announced && held !== mask) costs.bytes(client, 'down', 'mask', bitmapBytes(mask.length));
      this.#held.set(client, mask);
      const proposed = proposals?.[k]?.length ?? 0;
      costs.bytes(client, 'up', 'mask-proposal', BYTES_PER_COORDINATE * proposed);
      costs.seconds(client, 'mask', clientSeconds[k] as number);
    });
  }

  /** Both halves up. */
  upload(
    costs: RoundLedger,
    { client }: ClientUpdate,
    { plain, encrypted, encryptSeconds }: Upload,
  ): void {
    costs.seconds(client, 'encrypt', encryptSeconds);
    costs.bytes(client, 'up', 'plain-values', BYTES_PER_VALUE * plain.values.length);
    costs.bytes(client, 'up', 'ciphertexts', ciphertextBytes(encrypted));
  }

  /** MaskCrypt §3.3: one client decrypts and returns the values; all get the model in plaintext. */
  aggregateThroughServer(
    costs: RoundLedger,
    updates: readonly ClientUpdate[],
    { plain, encrypted }: Aggregate,
  ): void {
    const { client: decrypting } = updates[0] as ClientUpdate;
    costs.bytes(decrypting, 'down', 'ciphertexts', ciphertextBytes(encrypted));
    costs.returned(decrypting, BYTES_PER_VALUE * (encrypted?.length ?? 0));
    for (const { client } of updates)
      costs.bytes(client, 'down', 'plain-values', BYTES_PER_VALUE * plain.length);
  }

  /** Every client gets both halves. */
  aggregateToClients(
    costs: RoundLedger,
    updates: readonly ClientUpdate[],
    { plain, encrypted }: Aggregate,
  ): void {
    for (const { client } of updates) {
      costs.bytes(client, 'down', 'plain-values', BYTES_PER_VALUE * plain.values.length);
      costs.bytes(client, 'down', 'ciphertexts', ciphertextBytes(encrypted));
    }
  }
}
