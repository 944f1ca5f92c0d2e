import { type RandomStream, randomStream } from '../engine/random.ts';
import { limitedIndices } from './samples.ts';
import type { DatasetSource } from './source.ts';

/** A stand-in for a binary table. */
export interface SyntheticTable {
  readonly id: string;
  readonly title: string;
  readonly features: number;
  readonly classes: number;
  /** Mean share of ones. */
  readonly density: number;
  readonly train: number;
  readonly test: number;
  /** What a natural client is, where samples belong to some. */
  readonly naturalClients?: string;
}

/** Share of the features that a class has far more often than the others. */
const TYPICAL_SHARE = 0.08;
const TYPICAL_RATE = 0.45;
/** Natural clients have 1.5 samples each on average, as Diabetes130's patients nearly do. */
const SAMPLES_PER_CLIENT = 1.5;
/** How often a client's sample is of the client's usual class. */
const USUAL_CLASS = 0.6;

const shop = { features: 600, classes: 100, density: 0.08, train: 8_000, test: 1_000 };

export const syntheticPurchase100 = syntheticTable({
  id: 'synthetic-purchase100',
  title: 'synthetic purchases (stand-in for Purchase100)',
  ...shop,
});

export const syntheticTexas100 = syntheticTable({
  id: 'synthetic-texas100',
  title: 'synthetic hospital stays (stand-in for Texas100)',
  ...{ features: 6_169, classes: 100, density: 0.02, train: 4_000, test: 500 },
});

export const syntheticLocation30 = syntheticTable({
  id: 'synthetic-location30',
  title: 'synthetic check-ins (stand-in for Location30)',
  ...{ features: 446, classes: 30, density: 0.12, train: 4_500, test: 500 },
});

export const syntheticDiabetes130 = syntheticTable({
  id: 'synthetic-diabetes130',
  title: 'synthetic hospital stays (stand-in for Diabetes130)',
  ...{ features: 1_307, classes: 100, density: 0.018, train: 8_000, test: 1_000 },
  naturalClients: 'patient',
});

/**
 * Rows of independent bits: every feature has its own rate, and every class a set of features that are
 * typical of it. Each row has a stream of its own, so that only those asked for need be drawn.
 */
function syntheticTable(table: SyntheticTable): DatasetSource {
  const { id, title, features, classes, naturalClients } = table;
  const facts = { id, title, synthetic: true, inputShape: [features], classes };
  return {
    ...facts,
    ...{ trainSamples: table.train, testSamples: table.test },
    ...(naturalClients && { naturalClients }),
    async load({ limit, testLimit }) {
      const random = randomStream(0, id);
      const rates = classRates(table, random);
      const draw = (part: 'train' | 'test', most: number | undefined) =>
        drawRows(table, rates, limitedIndices(id, part, table[part], most), random.derive(part));
      const { clientKeys, ...train } = draw('train', limit);
      const { clientKeys: _, ...test } = draw('test', testLimit);
      return { ...facts, test, train: naturalClients ? { ...train, clientKeys } : train };
    },
  };
}

/** Rate of every feature in every class. */
function classRates({ features, classes, density }: SyntheticTable, random: RandomStream) {
  const common = Math.max(0, density - TYPICAL_SHARE * TYPICAL_RATE);
  // A few frequent features and many rare ones, `common` on average.
  const stream = random.derive('rates');
  const base = Float32Array.from({ length: features }, () => 3 * common * stream.uniform() ** 2);
  const typicalCount = Math.round(TYPICAL_SHARE * features);
  return Array.from({ length: classes }, (_, label) => {
    const rates = base.slice();
    const typical = random.derive('class', label).sample(features, typicalCount);
    for (const feature of typical) rates[feature] = TYPICAL_RATE;
    return rates;
  });
}

function drawRows(
  { features, classes, train, naturalClients }: SyntheticTable,
  rates: readonly Float32Array[],
  indices: Uint32Array,
  random: RandomStream,
) {
  const inputs = new Float32Array(indices.length * features);
  const clientKeys = new Uint32Array(indices.length);
  const labels = Int32Array.from(indices, (index, at) => {
    const stream = random.derive(index);
    const key = stream.integer(Math.ceil(train / SAMPLES_PER_CLIENT));
    const isUsual = naturalClients !== undefined && stream.uniform() < USUAL_CLASS;
    const label = isUsual ? random.derive('usual', key).integer(classes) : stream.integer(classes);
    clientKeys[at] = key;
    rates[label]?.forEach((rate, feature) => {
      if (stream.uniform() < rate) inputs[at * features + feature] = 1;
    });
    return label;
  });
  return { count: indices.length, inputShape: [features], inputs, labels, clientKeys };
}
