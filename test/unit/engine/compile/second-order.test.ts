import { expect, test } from 'vitest';
import { openTestEngine } from './open-test-engine.ts';
import { costProgram, decode, referenceCases } from './reference-cases.ts';

const engine = await openTestEngine();
const cases = referenceCases();

function relativeError(got: ArrayLike<number>, exact: Float64Array): number {
  let [difference, norm] = [0, 0];
  exact.forEach((value, at) => {
    difference += (value - (got[at] as number)) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / norm);
}

test.skipIf(engine === undefined || cases.length === 0)(
  'the float64 references and onnxruntime-node are at hand (skipped otherwise)',
  () => {
    expect(cases.length).toBeGreaterThan(0);
  },
);

for (const reference of engine ? cases : [])
  test(`second-order gradient of ${reference.name} (${reference.cost})`, async () => {
    const program = await engine?.compile(costProgram(reference));
    const constants = [reference.x_target, ...reference.params].map(decode);
    const result = await program?.run({ steps: 1, state: [decode(reference.x0)], constants });
    const [value, grad] = result?.outputs ?? [];
    expect(Math.abs((value?.data[0] as number) / reference.value - 1)).toBeLessThan(1e-4);
    expect(relativeError(grad?.data ?? [], decode(reference.grad).exact)).toBeLessThan(1e-4);
    program?.dispose();
  });
