import type { NdArray } from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { adamStepSize } from '../optimisers/adam.ts';
import type { Bigrams } from './bigrams.ts';
import type { TextProblem } from './matching.ts';
import type { TextPrograms } from './programs.ts';
import { randomReordering } from './reorderings.ts';

export interface SearchOptions {
  /** Adam steps in all. */
  readonly iterations: number;
  /** Texts tried in each discrete phase. */
  readonly proposals: number;
  readonly learningRate: number;
  /** Weight of the language model's loss in discrete phases. */
  readonly languageModel: number;
}

/** Texts, by candidate: [samples · length], and their cost. */
export interface FoundTexts {
  readonly tokens: Int32Array;
  readonly cost: number;
}

interface SearchTools {
  readonly problem: TextProblem;
  readonly programs: TextPrograms;
  readonly constants: readonly NdArray[];
  /** Token numbers of the candidates. */
  readonly candidates: Int32Array;
  readonly bigrams: Bigrams;
  readonly random: RandomStream;
  readonly signal: AbortSignal;
  /** Reports the share of the budget that is used. */
  progress(fraction: number): void;
}

/** A cost below this is no other text's: rounding of float32 weights leaves less, one wrong token more. */
const EXPLAINED = 1e-4;
/** Adam steps between discrete phases; LAMP's. */
const CONTINUOUS = 75;
/** Texts evaluated per call of the engine, of which the best is taken if it is better. */
const AT_ONCE = 16;
/** Random changes drawn per text that is evaluated, at most: some were evaluated before. */
const DRAWS = 8;

/**
 * LAMP (Balunović et al. 2022, algorithm 1): continuous steps on the mixtures of embeddings, and in
 * turn discrete ones on the texts they stand for, which are kept where they lower the matching cost plus
 * `languageModel` times the language model's loss. Beside LAMP's reorderings, a token is changed for
 * another one that its mixture holds. The text of the lowest matching cost seen is returned.
 *
 * @param logits [samples · length, candidates], where to begin
 */
export async function searchTexts(
  tools: SearchTools,
  logits: Float32Array,
  { iterations, proposals, learningRate, languageModel }: SearchOptions,
): Promise<FoundTexts> {
  const { problem, programs, constants, random, signal, progress } = tools;
  const { candidates } = problem;
  let point = logits;
  let best: FoundTexts = { tokens: textOf(point, candidates), cost: Number.POSITIVE_INFINITY };
  const see = (tokens: Int32Array, cost: number) => {
    if (cost < best.cost) best = { tokens, cost };
  };
  for (let done = 0, phase = 0; ; phase++) {
    point = await discretePhase(tools, point, {
      ...{ proposals, languageModel, see },
      random: random.derive('discrete', phase),
      explained: () => best.cost < EXPLAINED,
    });
    progress(iterations === 0 ? 1 : done / iterations);
    if (best.cost < EXPLAINED || done >= iterations) return best;
    const steps = Math.min(CONTINUOUS, iterations - done);
    const shape = [point.length / candidates, candidates];
    const zeros = () => ({ shape, data: new Float32Array(point.length) });
    const stepSizes = Float32Array.from({ length: steps }, (_, at) =>
      adamStepSize(learningRate, at),
    );
    const mixtures = await programs.mixtures(problem);
    const { state } = await mixtures.run({
      ...{ steps, constants, signal },
      state: [{ shape, data: point }, zeros(), zeros()],
      perStep: [{ shape: [steps], data: stepSizes }],
    });
    point = (state[0] as NdArray).data as Float32Array;
    done += steps;
  }
}

/** Moves logits as the best text among random changes is changed; returns the moved logits. */
async function discretePhase(
  { problem, programs, constants, candidates: numbers, bigrams, signal }: SearchTools,
  logits: Float32Array,
  phase: {
    readonly proposals: number;
    readonly languageModel: number;
    readonly random: RandomStream;
    see(tokens: Int32Array, cost: number): void;
    explained(): boolean;
  },
): Promise<Float32Array> {
  const { samples, length, candidates } = problem;
  const { proposals, languageModel, random, see } = phase;
  const costs = await programs.costs(problem);
  const ask = async (texts: readonly Int32Array[]) => {
    const data = new Int32Array(texts.length * samples * length);
    texts.forEach((text, at) => {
      data.set(
        text.map((candidate) => numbers[candidate] ?? 0),
        at * samples * length,
      );
    });
    const { outputs } = await costs.run({
      ...{ steps: texts.length, state: [], constants, signal },
      perStep: [{ shape: [texts.length, samples * length], data }],
    });
    return texts.map((text, at) => {
      const cost = (outputs[0] as NdArray).data[at] as number;
      see(text, cost);
      const words = text.map((candidate) => numbers[candidate] ?? 0);
      let surprise = 0;
      for (let sample = 0; sample < samples; sample++)
        surprise += bigrams.loss(words.subarray(sample * length, (sample + 1) * length)) / samples;
      return cost + languageModel * surprise;
    });
  };
  const asked = new Set<string>();
  let point = logits;
  let [total] = (await ask([textOf(point, candidates)])) as [number];
  for (let tried = 0; tried < proposals && !phase.explained(); tried += AT_ONCE) {
    const change = randomChanges(point, problem, random);
    const changes: Float32Array[] = [];
    for (let draw = 0; draw < DRAWS * AT_ONCE && changes.length < AT_ONCE; draw++) {
      const changed = change();
      const text = textOf(changed, candidates).join();
      if (!asked.has(text)) changes.push(changed);
      asked.add(text);
    }
    if (changes.length === 0) break;
    const totals = await ask(changes.map((one) => textOf(one, candidates)));
    const least = Math.min(...totals);
    if (!(least < total)) continue;
    total = least;
    point = changes[totals.indexOf(least)] as Float32Array;
  }
  return point;
}

/** Draws logits with one random change: a reordering, where the mixtures are not sure, or another token. */
function randomChanges(
  logits: Float32Array,
  problem: TextProblem,
  random: RandomStream,
): () => Float32Array {
  const rows = Array.from({ length: logits.length / problem.candidates }, (_, position) =>
    sharesOfOthers(logits.subarray(...rowAt(position, problem.candidates))),
  );
  const unsure = rows.reduce((sum, row) => sum + row.sum, 0) / rows.length;
  return () =>
    random.uniform() < Math.min(0.5, unsure)
      ? reordered(logits, problem, random)
      : changedOnce(logits, problem, rows, random);
}

/** Logits with the tokens of one text in another order. */
function reordered(
  logits: Float32Array,
  { samples, length, candidates }: TextProblem,
  random: RandomStream,
): Float32Array {
  const moved = logits.slice();
  const first = random.integer(samples) * length;
  randomReordering(length, random).forEach((from, to) => {
    const row = (first + from) * candidates;
    moved.set(logits.subarray(row, row + candidates), (first + to) * candidates);
  });
  return moved;
}

/**
 * Logits with one position's token exchanged for another one, drawn by what its mixture holds of it;
 * positions by how much theirs hold of others.
 */
function changedOnce(
  logits: Float32Array,
  { candidates }: TextProblem,
  rows: readonly ReturnType<typeof sharesOfOthers>[],
  random: RandomStream,
): Float32Array {
  const sums = rows.map(({ sum }) => sum);
  const position = drawn(sums, random);
  const moved = logits.slice();
  const row = moved.subarray(...rowAt(position, candidates));
  const { top, others } = rows[position] as (typeof rows)[number];
  const to = drawn(others, random);
  [row[top], row[to]] = [row[to] as number, row[top] as number];
  return moved;
}

/** Softmax of a row without its largest share, which is that of `top`. */
function sharesOfOthers(row: Float32Array) {
  const top = row.indexOf(row.reduce((most, value) => Math.max(most, value)));
  const powers = Array.from(row, (value) => Math.exp(value - (row[top] as number)));
  const all = powers.reduce((sum, power) => sum + power, 0);
  const others = powers.map((power, at) => (at === top ? 0 : power / all));
  return { top, others, sum: others.reduce((sum, share) => sum + share, 0) };
}

/** An index, each as likely as its weight says; all alike where all weights are 0. */
function drawn(weights: readonly number[], random: RandomStream): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0)) return random.integer(weights.length);
  let left = random.uniform() * sum;
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found === -1 ? weights.length - 1 : found;
}

const rowAt = (row: number, candidates: number) =>
  [row * candidates, (row + 1) * candidates] as const;

/** The likeliest candidate of every position. */
function textOf(logits: Float32Array, candidates: number): Int32Array {
  return Int32Array.from({ length: logits.length / candidates }, (_, position) => {
    const row = logits.subarray(...rowAt(position, candidates));
    let best = 0;
    for (let at = 1; at < candidates; at++)
      if ((row[at] as number) > (row[best] as number)) best = at;
    return best;
  });
}
