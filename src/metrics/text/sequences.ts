import type { RecoveredTokens } from '../../api/attack.ts';
import { optimalAssignment } from '../../stats/assignment.ts';
import type { GroundTruth } from '../../view/ground-truth.ts';
import { probeOf } from '../images.ts';

/** A recovered text beside the one the probe client trained on; equally long, token numbers. */
export interface SequencePair {
  readonly original: Int32Array;
  readonly answer: Int32Array;
}

/** The sequences of a probe client: the input's tokens and the one that follows, each. */
export function probeSequences({
  images,
  labels,
}: GroundTruth['reconstruction'][number]): Int32Array[] {
  const context = images.length / labels.length;
  return Array.from(labels, (label, at) =>
    Int32Array.from([...images.subarray(at * context, (at + 1) * context), label]),
  );
}

/**
 * Pairs a probe's sequences with the texts of an answer. The order within a batch is lost in training,
 * so they are matched by optimal assignment (fewest places that differ): each counts once.
 *
 * @returns `null` when the answer has no order.
 * @throws {RangeError} when the answer is for no known probe, or its texts are not as many or as long.
 */
export function sequencePairs(target: RecoveredTokens, truth: GroundTruth): SequencePair[] | null {
  const originals = probeSequences(probeOf(target, truth));
  const { client, texts } = target;
  if (!texts) return null;
  const wrong = texts.find(({ length }, at) => length !== originals[at]?.length);
  if (wrong || texts.length !== originals.length)
    throw new RangeError(
      `${texts.length} texts of ${texts.map(({ length }) => length).join(', ')} tokens for the ${originals.length} of ${originals[0]?.length} tokens of client ${client}`,
    );
  const partner = optimalAssignment(
    originals.map((original) => texts.map((text) => differing(original, text))),
  );
  return originals.map((original, at) => ({
    original,
    answer: texts[partner[at] as number] as Int32Array,
  }));
}

/** Number of places where two texts differ. */
function differing(a: Int32Array, b: Int32Array): number {
  return a.reduce((count, token, at) => count + (token === b[at] ? 0 : 1), 0);
}
