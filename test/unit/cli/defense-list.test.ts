import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineDefense } from '../../../src/api/defense.ts';
import { defenseList } from '../../../src/cli/defense-list.ts';
import type { AnyDefense } from '../../../src/run/plugins.ts';

const silent = defineDefense({
  meta: { id: 'silent', version: 1, title: 'Silent', source: 'A test', params: z.strictObject({}) },
  keys: () => ({ setup: 'none' }),
  scheme: () => 'plain',
  mask: { when: () => 'once', agree: ({ size }) => new Uint8Array(size) },
  serverLearns: () => 'aggregate',
});

test('a defense is listed with what it says about trust, wrapped between words', () => {
  const words = Array.from({ length: 40 }, (_, at) => `word${at}`).join(' ');
  const telling = {
    ...silent,
    trust: { encrypted: 'all', key: words, serverLearns: 'little', brokenBy: 'nobody' },
  };
  const [first, second] = defenseList([telling as AnyDefense, silent as AnyDefense]).split('\n\n');
  const lines = first?.split('\n') ?? [];
  expect(lines[0]).toBe('silent: Silent');
  expect(lines[1]).toBe('  encrypted          all');
  expect(lines.every((line) => line.length <= 100)).toBe(true);
  const key = lines.slice(2, -3).map((line) => line.slice('  the server learns  '.length));
  expect(key.length).toBeGreaterThan(2);
  expect(key.join(' ')).toBe(words);
  expect(lines.at(-2)).toBe('  breaks it alone    nobody');
  expect(second).toContain('  key                not said');
});
