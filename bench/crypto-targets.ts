import { openCeiling } from './crypto-ceiling.ts';
import { type Case, type Federation, openFederation } from './crypto-federation.ts';
import { bytesOf, largestError, oneRound } from './crypto-measure.ts';

/** A demand on the layer, and what was measured. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: number;
  readonly reached: boolean;
  /** Single ratios, where the measurement is a median of them. */
  readonly ratios?: readonly number[];
  /** The same ratios of two threads that share nothing, in turns with the others. */
  readonly ceilings?: readonly number[];
}

/**
 * Ratios of two federations' times, which take turns so that other load meets both.
 *
 * @param between runs after every round
 */
async function timeRatios(
  slow: Federation,
  fast: Federation,
  models: readonly Float32Array[],
  rounds: number,
  between: () => Promise<void> = async () => {},
): Promise<number[]> {
  const milliseconds = async (federation: Federation) => {
    const { encryptMs, aggregateMs, openMs } = await oneRound(federation, models);
    return encryptMs + aggregateMs + openMs;
  };
  // Workers start and load their keys in the first round.
  await milliseconds(slow);
  await milliseconds(fast);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ratios.push((await milliseconds(slow)) / (await milliseconds(fast)));
    await between();
  }
  await slow.close();
  await fast.close();
  return ratios;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

function modelsOf(clients: number, length: number): Float32Array[] {
  return Array.from({ length: clients }, (_, client) =>
    Float32Array.from({ length }, (_, at) => Math.sin(at + client)),
  );
}

export async function measureTargets(rounds: number): Promise<Target[]> {
  return [await twoWorkers(rounds), ...(await packedFields(rounds)), ...(await severalParties())];
}

async function twoWorkers(rounds: number): Promise<Target> {
  const clients = 20;
  const each: Case = { set: 'ckks-tenseal', setup: 'shared' };
  const one = await openFederation(each, clients, 1);
  const two = await openFederation(each, clients, 2);
  const ceiling = await openCeiling();
  const ceilings: number[] = [];
  const ratios = await timeRatios(one, two, modelsOf(clients, 61_706), rounds, async () => {
    ceilings.push(await ceiling.ratio());
  });
  await ceiling.close();
  const target = atLeast(
    `LeNet-5, 20 clients, ckks-tenseal: time with one worker ÷ with two (median); threads that share nothing: ${median(ceilings).toFixed(2)}`,
    1.7,
    median(ratios),
    ratios,
  );
  return { ...target, ceilings };
}

async function packedFields(rounds: number): Promise<Target[]> {
  const clients = 100;
  const models = modelsOf(clients, 16_384);
  const open = (set: Case['set']) => openFederation({ set, setup: 'shared' }, clients, 1);
  const tenseal = await open('ckks-tenseal');
  const packed = await open('bfv-pack23');
  const plain = await oneRound(tenseal, models);
  const { uploads, values } = await oneRound(packed, models);
  const bytes = bytesOf(plain.uploads) / bytesOf(uploads);
  const ratios = await timeRatios(tenseal, packed, models, rounds);
  return [
    atLeast('bytes per weight, ckks-tenseal ÷ bfv-pack23', 8, bytes),
    atLeast('time per weight, ckks-tenseal ÷ bfv-pack23 (median)', 3, median(ratios), ratios),
    atMost('bfv-pack23, error of a mean of 100 in [-1, 1]', 1.5e-5, largestError(values, models)),
  ];
}

async function severalParties(): Promise<Target[]> {
  const targets: Target[] = [];
  for (const [setup, clients, what] of [
    ['joint', 5, '5 parties'],
    ['joint', 20, '20 parties'],
    ['threshold', 5, '3 of 5 after two dropouts'],
  ] as const) {
    const federation = await openFederation({ set: 'ckks-threshold', setup }, clients, 1);
    const models = modelsOf(clients, 8192);
    const { values } = await oneRound(federation, models);
    await federation.close();
    targets.push(atMost(`ckks-threshold, ${what}: error`, 1e-6, largestError(values, models)));
  }
  return targets;
}

function atLeast(
  what: string,
  least: number,
  measured: number,
  ratios?: readonly number[],
): Target {
  const target = { what, wanted: `≥ ${least}`, measured, reached: measured >= least };
  return ratios ? { ...target, ratios } : target;
}

function atMost(what: string, most: number, measured: number): Target {
  return { what, wanted: `≤ ${most}`, measured, reached: measured <= most };
}
