import type { MemberLogit } from './member-network.ts';
import { stack, type Table } from './standardise.ts';

/** Settings of gradient-boosted trees; the names of Chen & Guestrin 2016. */
export interface BoostingSettings {
  readonly trees: number;
  readonly depth: number;
  /** η, by which each tree's answer is shrunk. */
  readonly learningRate: number;
  /** λ, added to a leaf's curvature. */
  readonly regularisation: number;
  /** Smallest curvature (Σ p(1 − p)) of a leaf. */
  readonly leastCurvature: number;
}

interface Leaf {
  readonly value: number;
}
interface Split {
  readonly column: number;
  /** Rows below go left. */
  readonly threshold: number;
  readonly left: Tree;
  readonly right: Tree;
}
type Tree = Leaf | Split;

/**
 * Gradient-boosted trees on the logistic loss, splits searched exactly: leaf value −G/(H + λ), gain
 * of a split ½[G_l²/(H_l + λ) + G_r²/(H_r + λ) − G²/(H + λ)], with G and H the sums of the loss's
 * first and second derivatives.
 *
 * Source: Chen & Guestrin 2016, "XGBoost", eq. 4 to 7 and algorithm 1 (γ = 0, no sampling).
 *
 * @param members, nonMembers rows of features
 * @returns the logit of "member" for a row
 */
export function boostTrees(
  members: Table,
  nonMembers: Table,
  settings: BoostingSettings,
): MemberLogit {
  const { width, values } = stack(members, nonMembers);
  const count = values.length / width;
  const isMember = (row: number) => row < members.values.length / width;
  const at = (row: number, column: number) => values[row * width + column] as number;
  // Rows in rising order of each column, sorted once for all trees.
  const rising = Array.from({ length: width }, (_, column) =>
    Uint32Array.from({ length: count }, (_, row) => row).sort(
      (a, b) => at(a, column) - at(b, column),
    ),
  );
  const logits = new Float64Array(count);
  const first = new Float64Array(count);
  const second = new Float64Array(count);
  const forest: Tree[] = [];
  for (let tree = 0; tree < settings.trees; tree++) {
    for (let row = 0; row < count; row++) {
      const probability = 1 / (1 + Math.exp(-(logits[row] as number)));
      first[row] = probability - (isMember(row) ? 1 : 0);
      second[row] = probability * (1 - probability);
    }
    const grown = grow({ at, first, second, settings }, rising, settings.depth);
    forest.push(grown);
    for (let row = 0; row < count; row++)
      logits[row] = (logits[row] as number) + answer(grown, (column) => at(row, column));
  }
  return (row) => {
    // Rows were learned in float32: compared in another precision, ties would go astray.
    const features = Float32Array.from(row);
    return forest.reduce((sum, tree) => sum + answer(tree, (at) => features[at] as number), 0);
  };
}

interface Growing {
  at(row: number, column: number): number;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly settings: BoostingSettings;
}

/** @param rising the node's rows, in rising order of each column */
function grow(growing: Growing, rising: readonly Uint32Array[], depth: number): Tree {
  const { at, first, second, settings } = growing;
  const { regularisation, leastCurvature, learningRate } = settings;
  const rows = rising[0] as Uint32Array;
  let gradient = 0;
  let curvature = 0;
  for (const row of rows) {
    gradient += first[row] as number;
    curvature += second[row] as number;
  }
  const leaf = { value: (-learningRate * gradient) / (curvature + regularisation) };
  if (depth === 0) return leaf;

  const score = (g: number, h: number) => (g * g) / (h + regularisation);
  // A split must gain more than rounding does.
  let best = { gain: 1e-9, column: -1, threshold: 0 };
  for (const [column, order] of rising.entries()) {
    let g = 0;
    let h = 0;
    for (let place = 0; place + 1 < order.length; place++) {
      const row = order[place] as number;
      g += first[row] as number;
      h += second[row] as number;
      const [value, next] = [at(row, column), at(order[place + 1] as number, column)];
      if (value === next || h < leastCurvature || curvature - h < leastCurvature) continue;
      const gain =
        (score(g, h) + score(gradient - g, curvature - h) - score(gradient, curvature)) / 2;
      if (gain > best.gain) {
        const middle = Math.fround((value + next) / 2);
        best = { gain, column, threshold: middle > value ? middle : next };
      }
    }
  }
  const { column, threshold } = best;
  if (column < 0) return leaf;
  const side = (left: boolean) =>
    rising.map((order) => order.filter((row) => at(row, column) < threshold === left));
  return {
    column,
    threshold,
    left: grow(growing, side(true), depth - 1),
    right: grow(growing, side(false), depth - 1),
  };
}

function answer(tree: Tree, feature: (column: number) => number): number {
  let node = tree;
  while ('column' in node) node = feature(node.column) < node.threshold ? node.left : node.right;
  return node.value;
}
