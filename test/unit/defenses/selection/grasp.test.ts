import { expect, test } from 'vitest';
import { pruneByGradientFlow } from '../../../../defenses/selection/grasp.ts';
import { layoutOf } from '../../../../src/models/layers.ts';

const f = (...values: number[]) => Float32Array.from(values);

test('GraSP keeps the weights of the smallest −θ ⊙ Hg, by hand', () => {
  const layout = layoutOf({ a: [2, 2], b: [2, 1] });
  //             a.weight       a.bias   b.weight  b.bias
  const theta = f(1, -2, 3, 0.5, 9, 9, /**/ 2, -1, 9);
  const flow = f(2, 2, -1, 4, 0, 0, /**/ 1, -5, 0);
  // −θ ⊙ Hg of the weights 0 1 2 3 6 7: −2 4 3 −2 −2 −5
  const kept = (percent: number) => [...pruneByGradientFlow(theta, flow, layout, percent)];
  expect(kept(0)).toEqual([4, 5, 8]);
  expect(kept(100 / 6)).toEqual([4, 5, 7, 8]);
  // Equal scores: the first ones.
  expect(kept(50)).toEqual([0, 3, 4, 5, 7, 8]);
  expect(kept(100)).toEqual([...Array(9).keys()]);
});

test('what GraSP removes lowers the gradient norm least, on a quadratic', () => {
  // L = ½ Σ h_i (θ_i − c_i)²: g_i = h_i (θ_i − c_i), [Hg]_i = h_i² (θ_i − c_i); removing θ_i changes
  // ‖g‖² by h_i² (c_i² − (θ_i − c_i)²) exactly and by −2 θ_i h_i² (θ_i − c_i) to first order.
  const layout = layoutOf({ a: [4, 1] });
  const theta = [0.01, 0.01, 0.01, 0.01];
  const centre = [1, -2, 0.5, 3];
  const curvature = [1, 0.5, 2, 0.2];
  const hessianGradient = theta.map(
    (value, at) => (curvature[at] as number) ** 2 * (value - (centre[at] as number)),
  );
  const change = theta.map(
    (value, at) =>
      (curvature[at] as number) ** 2 *
      ((centre[at] as number) ** 2 - (value - (centre[at] as number)) ** 2),
  );
  const kept = pruneByGradientFlow(f(...theta, 0), f(...hessianGradient, 0), layout, 50);
  const byChange = [0, 1, 2, 3].sort((a, b) => (change[a] as number) - (change[b] as number));
  // Small steps: first order decides. The kept ones would lower the norm most.
  expect([...kept]).toEqual([...byChange.slice(0, 2), 4].sort());
});
