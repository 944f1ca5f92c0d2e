import type { Dataset, LabelledSamples } from './dataset.ts';
import { limitOrder, takeSamples } from './samples.ts';

/**
 * Training samples that an experiment does not use, in the data set's own random order: those after
 * the first `used`, which are the ones that a limit of `used` keeps.
 *
 * @param dataset without a limit
 * @param count how many; absent: all there are
 * @throws {RangeError} when fewer are left
 */
export function publicSamples(
  { id, train }: Dataset,
  used: number,
  count: number = train.count - used,
): LabelledSamples {
  if (count < 1 || used + count > train.count)
    throw new RangeError(
      `${id} has ${train.count} training samples, of which the experiment uses ${used}: there are no ${count} others`,
    );
  return takeSamples(train, limitOrder(id, 'train', train.count).slice(used, used + count));
}
