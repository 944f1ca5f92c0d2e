import type { CoordinateSet } from './coordinate-set.ts';
import type { PartialVector } from './partial-vector.ts';
import type { RoundView, ServerView, Transmission } from './server-view.ts';

/** The most recent value the server had of each coordinate of a global model when `round` began. */
export function knownGlobalModel(view: ServerView, round: number): Float32Array {
  const model = view.initialModel.slice();
  for (const earlier of view.rounds) {
    if (earlier.round > round) break;
    earlier.globalModel.writeTo(model);
  }
  return model;
}

/**
 * A transmission with its encrypted coordinates interpolated in time, per coordinate.
 *
 * Time is counted in rounds: w_r, the global model after round r, and w_r^k, what the victim sent in
 * round r, stand at time r. A server keeps what it received, and attacks when training is over, so it
 * knows both what came before and what came after.
 *
 * - w_t^k, where it was encrypted, lies on the line between the nearest known values at or before t
 *   and at or after t, of the victim's own transmissions and of global models; at equal times the
 *   victim's own counts. Where the server learns every aggregate, both are w_t: the update becomes
 *   the round's mean update.
 * - w_{t-1}, where the protocol kept it from the server, lies on the line between global models.
 *
 * A coordinate that was never in plaintext afterwards has no later value. It is filled with the
 * earlier one, and is not usable.
 */
export function interpolateInTime(view: ServerView, { round }: RoundView, sent: Transmission) {
  const globals = globalModels(view);
  const own = view.rounds.flatMap((other): Known[] => {
    const mine = other.transmissions.find(({ client }) => client === sent.client);
    return mine && other.round !== round ? [{ time: other.round, values: mine.weights }] : [];
  });
  const start = onTheLine(globals, round - 1, view.size);
  const model = onTheLine(inTime([...globals, ...own]), round, view.size);
  sent.weights.writeTo(model.values);
  const usable = model.usable.map(
    (interpolated, at) =>
      (interpolated | (sent.weights.known[at] as number)) & (start.usable[at] as number),
  );
  return { start: start.values, model: model.values, usable };
}

/** What was known of a model at a time. */
interface Known {
  readonly time: number;
  readonly values: PartialVector;
}

/** w_0 … w_T. */
function globalModels({ rounds, finalModel }: ServerView): Known[] {
  return [
    ...rounds.map(({ round, globalModel }) => ({ time: round - 1, values: globalModel })),
    { time: rounds.length, values: finalModel },
  ];
}

/** By time; what comes later in the list wins at equal times. */
function inTime(series: readonly Known[]): Known[] {
  return series.toSorted((a, b) => a.time - b.time);
}

/** The values at `time`, between the nearest known ones on both sides. */
function onTheLine(
  series: readonly Known[],
  time: number,
  size: number,
): { readonly values: Float32Array; readonly usable: CoordinateSet } {
  const before = latest(
    series.filter((known) => known.time <= time),
    size,
  );
  // Reversed in time; at equal times the victim's own values still come last.
  const after = latest(
    series.filter((known) => known.time >= time).toSorted((a, b) => b.time - a.time),
    size,
  );
  const values = before.values;
  const usable = new Uint8Array(size);
  for (let at = 0; at < size; at++) {
    const from = before.times[at] as number;
    const to = after.times[at] as number;
    if (Number.isNaN(from) || Number.isNaN(to)) continue;
    usable[at] = 1;
    if (to > from) {
      const share = (time - from) / (to - from);
      values[at] = (1 - share) * (values[at] as number) + share * (after.values[at] as number);
    }
  }
  return { values, usable };
}

/** The last known value of each coordinate in the order of the series, and when it was; NaN: never. */
function latest(series: readonly Known[], size: number) {
  const values = new Float32Array(size);
  const times = new Float32Array(size).fill(Number.NaN);
  for (const known of series) {
    known.values.writeTo(values);
    const { known: set } = known.values;
    for (let at = 0; at < size; at++) if (set[at] === 1) times[at] = known.time;
  }
  return { values, times };
}
