import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { RunResults } from '../../src/api/results.ts';
import { hefl } from './cli-process.ts';

/** The results of a specification file on an engine; the run lies beside the file. */
export async function runOn(engine: string, specification: string): Promise<RunResults> {
  const runs = join(dirname(specification), engine);
  process.env.HEFL_ENGINE = engine;
  try {
    const { code, stderr } = await hefl('run', specification, '--runs', runs);
    expect(code, stderr).toBe(0);
  } finally {
    delete process.env.HEFL_ENGINE;
  }
  const name = basename(specification, '.yaml');
  return JSON.parse(readFileSync(join(runs, name, 'results.json'), 'utf8'));
}
