import fc from 'fast-check';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import type { ServerView } from '../../../src/view/server-view.ts';

/** What a small federation sent in truth, and under which masks. */
export interface Scenario {
  readonly serverLearns: ServerView['serverLearns'];
  /** w_0 … w_T. */
  readonly globals: readonly Float32Array[];
  readonly masks: readonly Uint8Array[];
  /** Per round, by client; absent where a client does not take part. */
  readonly locals: readonly (readonly (Float32Array | undefined)[])[];
}

/** The view a server has of a scenario; the oracle's when `masked` is false. */
export function viewOf(scenario: Scenario, masked = true): ServerView {
  const { serverLearns, globals, masks, locals } = scenario;
  const initialModel = globals[0] as Float32Array;
  const learned = (round: number) => {
    const model = globals[round] as Float32Array;
    return round === 0 || serverLearns === 'aggregate' || !masked
      ? PartialVector.complete(model)
      : PartialVector.plaintextPart(model, masks[round - 1] as Uint8Array);
  };
  return {
    model: 'toy',
    size: initialModel.length,
    hyper: { learningRate: 0.1, localEpochs: 2, batchSize: 4 },
    encryption: { parameterSet: 'ckks-tenseal', keySetup: 'shared' },
    serverLearns,
    initialModel,
    rounds: masks.map((mask, at) => ({
      round: at + 1,
      globalModel: learned(at),
      mask,
      transmissions: (locals[at] ?? []).flatMap((local, client) =>
        local
          ? [
              {
                client,
                samples: 8,
                localSteps: 4,
                batchSize: 4,
                proposal: Uint32Array.from([...mask.keys()].filter((i) => mask[i] === 1)),
                weights: masked
                  ? PartialVector.plaintextPart(local, mask)
                  : PartialVector.complete(local),
                ciphertexts: { count: 1, bytes: 100 },
              },
            ]
          : [],
      ),
    })),
    finalModel: learned(masks.length),
  };
}

/** Random scenarios of 3 rounds and 2 clients; client 0 always takes part. */
export function scenarios(mask: fc.Arbitrary<0 | 1> = fc.constantFrom(0, 1)) {
  return fc.integer({ min: 1, max: 12 }).chain((size): fc.Arbitrary<Scenario> => {
    const vector = fc
      .array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: size, maxLength: size })
      .map((values) => Float32Array.from(values));
    const bits = fc
      .array(mask, { minLength: size, maxLength: size })
      .map((values) => Uint8Array.from(values));
    const three = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 3, maxLength: 3 });
    return fc.record({
      serverLearns: fc.constantFrom('aggregate', 'plain-part'),
      globals: fc.array(vector, { minLength: 4, maxLength: 4 }),
      masks: three(bits),
      locals: three(fc.tuple(vector, fc.option(vector, { nil: undefined }))),
    });
  });
}
