import type { Model } from '../../src/models/model.ts';
import type { Exposure } from '../../src/view/adversaries.ts';
import { rowChanges } from './row-changes.ts';
import { highFrom } from './two-groups.ts';

/**
 * The tokens whose embeddings moved by themselves, rising; of the rows that can't be read, those of
 * `unread`. The model's embeddings are exchanged.
 *
 * @returns undefined when nothing was exposed, or no row moved
 */
export function movedTokens(
  exposure: Exposure,
  { layout, classes, language, copies }: Model,
  unread: ReadonlySet<number>,
): Int32Array | undefined {
  const entry = layout.entry(language?.embedding as string);
  const second = copies?.find(({ of }) => of === entry.name)?.copy;
  const { update, scored } = readableUpdate(
    exposure,
    entry.offset,
    second === undefined ? undefined : layout.entry(second).offset,
    entry.size,
  );
  const changes = rowChanges({ update, scored, entry });
  const readable = [...changes].filter((change) => !Number.isNaN(change));
  if (exposure.knownCount === 0 || !readable.some((change) => change > 0)) return undefined;
  const threshold = highFrom(readable);
  return Int32Array.from({ length: classes }, (_, token) => token).filter((token) => {
    const change = changes[token] as number;
    return Number.isNaN(change) ? unread.has(token) : change >= threshold;
  });
}

/** The update, with what a copy of the embeddings shows of them where they themselves are encrypted. */
function readableUpdate(
  { start, model, scored }: Exposure,
  embeddings: number,
  copy: number | undefined,
  size: number,
) {
  const update = start.map((before, at) => before - (model[at] as number));
  if (copy === undefined) return { update, scored };
  const readable = scored.slice();
  for (let at = 0; at < size; at++) {
    if (readable[embeddings + at] === 1 || scored[copy + at] !== 1) continue;
    update[embeddings + at] = update[copy + at] as number;
    readable[embeddings + at] = 1;
  }
  return { update, scored: readable };
}
