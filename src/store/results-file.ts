import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { RunResults } from '../api/results.ts';
import { ArtifactError } from './artifact.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { reviveNumbers, stringifyJson } from './json.ts';

export async function writeResults(path: string, results: RunResults): Promise<void> {
  await writeFileAtomically(path, stringifyJson(results));
}

/** The outline of `results.json`: enough to tell it from any other file. */
const experimentOutline = z.looseObject({
  format: z.literal('hefl-results/1'),
  name: z.string(),
  rows: z.array(z.looseObject({ key: z.string() })),
  cells: z.array(z.looseObject({ hash: z.string(), attacks: z.array(z.looseObject({})) })),
  pooled: z.array(z.looseObject({ row: z.string() })),
  comparisons: z.array(z.looseObject({ a: z.string(), b: z.string() })),
});
const outline = experimentOutline.extend({ also: z.array(experimentOutline).optional() });

/** @throws {ArtifactError} when the file holds no results of this format. */
export async function readResults(path: string): Promise<RunResults> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new ArtifactError(path, 'text', 'is not JSON');
    throw error;
  }
  const checked = outline.safeParse(parsed);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new ArtifactError(path, issue?.path.join('.') || 'format', issue?.message ?? 'is wrong');
  }
  const { also, ...first } = parsed as RunResults;
  return { ...revived(first), ...(also && { also: also.map(revived) }) };
}

function revived(results: RunResults): RunResults {
  return {
    ...results,
    cells: reviveNumbers(results.cells),
    pooled: reviveNumbers(results.pooled),
    comparisons: reviveNumbers(results.comparisons),
  };
}
