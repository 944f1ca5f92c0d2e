import type { ProposalFormat } from '../api/defense.ts';
import { bitmapBytes, type CoordinateSet, countCoordinates } from '../view/coordinate-set.ts';
import type { Exchanged, SenderCosts } from './exchange.ts';
import type { FederationKeys } from './federation-keys.ts';
import { BYTES_PER_COORDINATE, BYTES_PER_VALUE, type Ledger, type RoundLedger } from './ledger.ts';
import type { Agreement } from './mask-agreement.ts';

/** An exchange whose sum reaches its recipients. */
export interface Delivery {
  readonly exchanged: Exchanged;
  /** Clients that get the sum, in order. */
  readonly recipients: readonly number[];
  /** Clients that got the ciphertexts and then fell out. */
  readonly fallen?: readonly number[];
}

/** Enters what travels between the parties into the ledger. */
export class Traffic {
  readonly #keys: FederationKeys;
  readonly #ledger: Ledger;
  readonly #format: ProposalFormat;
  /** The mask each client was sent last. */
  readonly #held = new Map<number, CoordinateSet>();
  readonly #hasKeys = new Set<number>();

  constructor(keys: FederationKeys, ledger: Ledger, format: ProposalFormat = 'ordered-list') {
    this.#keys = keys;
    this.#ledger = ledger;
    this.#format = format;
    ledger.keys('up', keys.keyBytes.server);
  }

  /** A client's key material, the first time it needs any. */
  keys(client: number): void {
    if (this.#hasKeys.has(client)) return;
    this.#hasKeys.add(client);
    this.#ledger.keys('down', this.#keys.keyBytes.perClient, client);
  }

  /**
   * Proposals up, the final mask down. A mask of nothing or of everything follows from the parameters,
   * and one a client already holds is not sent again. A mask that clients selected goes up, once.
   */
  agreement(costs: RoundLedger, clients: readonly number[], agreement: Agreement): void {
    const { mask, proposals, clientSeconds, selected } = agreement;
    const masked = countCoordinates(mask);
    const announced = masked > 0 && masked < mask.length;
    clients.forEach((client, k) => {
      this.keys(client);
      if (announced && this.#held.get(client) !== mask) {
        const bytes = bitmapBytes(mask.length);
        if (!selected) costs.bytes(client, 'down', 'mask', bytes);
        else if (k === 0) costs.bytes(client, 'up', 'mask', bytes);
      }
      this.#held.set(client, mask);
      const proposal = proposals?.[k];
      if (proposal)
        costs.bytes(client, 'up', 'mask-proposal', this.#proposalBytes(proposal, mask.length));
      costs.seconds(client, 'mask', clientSeconds[k] as number);
    });
  }

  /** Where clients leave coordinates out: which ones they send, up; those that anybody sends, down. */
  alignment(
    costs: RoundLedger,
    senders: readonly { client: number; travelling?: CoordinateSet }[],
  ): void {
    for (const { client, travelling } of senders) {
      if (!travelling) continue;
      const bitmap = bitmapBytes(travelling.length);
      const list = BYTES_PER_COORDINATE * countCoordinates(travelling);
      costs.bytes(client, 'up', 'mask-proposal', Math.min(bitmap, list));
      costs.bytes(client, 'down', 'mask', bitmap);
    }
  }

  /** Both halves up. */
  upload(
    costs: RoundLedger,
    client: number,
    { plainValues, ciphertexts, encryptSeconds }: SenderCosts,
  ): void {
    costs.seconds(client, 'encrypt', encryptSeconds);
    costs.bytes(client, 'up', 'plain-values', BYTES_PER_VALUE * plainValues);
    costs.bytes(client, 'up', 'ciphertexts', ciphertexts.bytes);
  }

  /**
   * MaskCrypt §3.3, MASER step 6: openers get the ciphertexts and return values or partial decryptions;
   * the server puts them together, and everybody gets the sum in plaintext.
   */
  throughServer(costs: RoundLedger, { exchanged, recipients, fallen = [] }: Delivery): void {
    for (const { client, seconds, bytes, downloaded } of exchanged.contributions) {
      costs.helper(client);
      costs.bytes(client, 'down', 'ciphertexts', downloaded);
      costs.seconds(client, 'decrypt', seconds);
      costs.returned(client, this.#keys.contributionKind, bytes);
    }
    costs.aggregated(exchanged.mergeSeconds);
    for (const client of recipients)
      costs.bytes(client, 'down', 'plain-values', BYTES_PER_VALUE * exchanged.sentCount);
    this.#lateDropouts(costs, exchanged, fallen);
  }

  /**
   * Every client gets both halves. With one key it decrypts for itself, which is done and measured once
   * and charged to each; else openers' contributions go to all others, past the server.
   */
  toClients(costs: RoundLedger, { exchanged, recipients, fallen = [] }: Delivery): void {
    const { contributions, plainCount, aggregateBytes, mergeSeconds } = exchanged;
    const alone = this.#keys.openedByOne;
    for (const client of recipients) {
      costs.bytes(client, 'down', 'plain-values', BYTES_PER_VALUE * plainCount);
      if (this.#keys.use.setup !== 'per-client')
        costs.bytes(client, 'down', 'ciphertexts', aggregateBytes);
      for (const contribution of contributions) {
        if (alone) costs.seconds(client, 'decrypt', contribution.seconds);
        else if (contribution.client !== client)
          costs.bytes(client, 'down', this.#keys.contributionKind, contribution.bytes);
      }
      costs.seconds(client, 'decrypt', mergeSeconds);
    }
    this.#lateDropouts(costs, exchanged, fallen);
    if (alone) return;
    for (const { client, seconds, bytes, downloaded } of contributions) {
      costs.helper(client);
      costs.seconds(client, 'decrypt', seconds);
      costs.returned(client, this.#keys.contributionKind, bytes);
      if (this.#keys.use.setup === 'per-client' || !recipients.includes(client))
        costs.bytes(client, 'down', 'ciphertexts', downloaded);
    }
  }

  #lateDropouts(costs: RoundLedger, { aggregateBytes }: Exchanged, fallen: readonly number[]) {
    for (const client of fallen) costs.bytes(client, 'down', 'ciphertexts', aggregateBytes);
  }

  #proposalBytes(proposal: Uint32Array, size: number): number {
    const format = this.#format;
    if (format === 'ordered-list') return BYTES_PER_COORDINATE * proposal.length;
    return bitmapBytes(format === 'bitmap' ? size : Math.ceil(size / format.packs));
  }
}
