import type { RandomStream } from '../engine/random.ts';
import type { DataPartition, Dataset } from './dataset.ts';
import { dirichlet } from './dirichlet.ts';

export interface PartitionSettings {
  readonly clients: number;
  readonly partition:
    | { readonly kind: 'iid' }
    | { readonly kind: 'dirichlet'; readonly alpha: number }
    | { readonly kind: 'natural' };
  /** Size of the attacker's own data. */
  readonly shadowSamples: number;
  readonly probeImages: number;
}

/**
 * Deals out the training samples: a random half to the clients (members), the other half held out
 * (MaskCrypt §6.1) as probe images, the attacker's own data and non-members. The four parts are
 * disjoint and together are the whole training set. Changing the size of a held-out part leaves the
 * members as they are.
 *
 * Members go to clients
 * - `iid`: at random, the same number each (or one more, where the number doesn't divide);
 * - `dirichlet`: each class in proportions drawn from Dir(α), independently per class
 *   (Yurochkin et al. 2019). A client left with nothing gets one sample of the client that has most,
 *   so that everyone can train;
 * - `natural`: by `clientKeys` of the data set (a patient, a writer), all members of a key to one
 *   client, the keys in random order in turn.
 *
 * @throws {RangeError} when there are fewer members (or keys of members) than clients, when fewer than
 *   one sample would be left as a non-member, or when the data set has no natural clients
 */
export function partitionData(
  dataset: Dataset,
  settings: PartitionSettings,
  random: RandomStream,
): DataPartition {
  const { clients, shadowSamples, probeImages } = settings;
  const total = dataset.train.count;
  const memberCount = Math.floor(total / 2);
  const heldOutCount = total - memberCount;
  if (clients > memberCount)
    throw new RangeError(
      `${clients} clients can't share the ${memberCount} member samples of ${dataset.id} (half of ${total}): every client needs at least one. Use fewer clients or more data.`,
    );
  if (probeImages + shadowSamples >= heldOutCount)
    throw new RangeError(
      `The held-out half of ${dataset.id} has ${heldOutCount} samples, too few for ${probeImages} probe images, ${shadowSamples} samples of the attacker's own and at least one non-member. Lower probes.images or membership.shadowSamples, or use more data.`,
    );

  const order = random.derive('halves').permutation(total);
  const members = order.slice(0, memberCount);
  const heldOut = order.slice(memberCount);
  return {
    clients: deal(dataset, members, settings, random),
    probes: heldOut.slice(0, probeImages),
    auxiliary: heldOut.slice(probeImages, probeImages + shadowSamples),
    nonMembers: heldOut.slice(probeImages + shadowSamples),
  };
}

function deal(
  dataset: Dataset,
  members: Uint32Array,
  { clients, partition }: PartitionSettings,
  random: RandomStream,
): Uint32Array[] {
  switch (partition.kind) {
    case 'iid':
      return dealEvenly(members, clients);
    case 'dirichlet':
      return dealByClass(dataset, members, clients, partition.alpha, random.derive('dirichlet'));
    case 'natural':
      return dealByKey(dataset, members, clients, random.derive('natural'));
  }
}

/** Consecutive runs of the (already random) members. */
function dealEvenly(members: Uint32Array, clients: number): Uint32Array[] {
  const boundary = (client: number) => Math.floor((client * members.length) / clients);
  return Array.from({ length: clients }, (_, client) =>
    members.slice(boundary(client), boundary(client + 1)),
  );
}

function dealByClass(
  dataset: Dataset,
  members: Uint32Array,
  clients: number,
  alpha: number,
  random: RandomStream,
): Uint32Array[] {
  const hands = Array.from({ length: clients }, (): number[] => []);
  for (let label = 0; label < dataset.classes; label++) {
    const ofClass = members.filter((index) => dataset.train.labels[index] === label);
    const proportions = dirichlet(clients, alpha, random.derive(label));
    let cumulative = 0;
    let from = 0;
    hands.forEach((hand, client) => {
      cumulative += proportions[client] as number;
      const to = client === clients - 1 ? ofClass.length : Math.round(cumulative * ofClass.length);
      for (const index of ofClass.subarray(from, to)) hand.push(index);
      from = to;
    });
  }
  giveToTheEmptyHanded(hands);
  return hands.map((hand) => Uint32Array.from(hand));
}

function dealByKey(
  { id, train: { clientKeys } }: Dataset,
  members: Uint32Array,
  clients: number,
  random: RandomStream,
): Uint32Array[] {
  if (!clientKeys)
    throw new RangeError(
      `${id} doesn't say which samples belong together, so it has no natural clients: use the partition iid or dirichlet.`,
    );
  const byKey = new Map<number, number[]>();
  for (const index of members) {
    const key = clientKeys[index] as number;
    const group = byKey.get(key);
    if (group) group.push(index);
    else byKey.set(key, [index]);
  }
  if (clients > byKey.size)
    throw new RangeError(
      `${clients} clients can't share the ${byKey.size} natural clients among the members of ${id}: use fewer clients or more data.`,
    );
  const hands = Array.from({ length: clients }, (): number[] => []);
  random.shuffle([...byKey.values()]).forEach((group, at) => {
    hands[at % clients]?.push(...group);
  });
  return hands.map((hand) => Uint32Array.from(hand));
}

function giveToTheEmptyHanded(hands: readonly number[][]): void {
  for (const empty of hands.filter((hand) => hand.length === 0)) {
    const fullest = hands.reduce((most, hand) => (hand.length > most.length ? hand : most));
    empty.push(fullest.pop() as number);
  }
}
