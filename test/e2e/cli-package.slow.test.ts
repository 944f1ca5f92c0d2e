import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder, tinySpecification, writeText } from './cli-process.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

const plugin = `
  import { defineDefense, type CoordinateSet, z } from 'hefl-bench';
  export default defineDefense({
    meta: { id: 'every-other', version: 1, title: 'Every other', source: 'A test', params: z.strictObject({}) },
    keys: () => ({ setup: 'shared' }), scheme: () => 'ckks-tenseal',
    mask: { when: () => 'once', agree: ({ size }): CoordinateSet => Uint8Array.from({ length: size }, (_, at) => at % 2) },
    serverLearns: () => 'aggregate',
  });`;

test('the packed package runs where it is installed, with a plug-in of the user', () => {
  const [packed] = JSON.parse(npm(checkout, 'pack', '--json', '--pack-destination', folder));
  const project = join(folder, 'project');
  writeText(join(project, 'package.json'), '{ "name": "user", "private": true }');
  npm(project, 'install', '--prefer-offline', join(folder, packed.filename));

  writeText(join(project, 'every-other.ts'), plugin);
  writeText(
    join(project, 'mine.yaml'),
    tinySpecification({ plugins: '[./every-other.ts]', defenses: '[none, every-other]' }),
  );
  const verdict = npm(project, 'exec', '--offline', '--', 'hefl', 'run', 'mine.yaml');
  expect(verdict).toContain('Every other');
  const results = JSON.parse(readFileSync(join(project, 'runs/mine/results.json'), 'utf8'));
  expect(results.cells[1].federation.value.realisedRatio).toBeCloseTo(0.5, 3);
  expect(readFileSync(join(project, 'runs/mine/report.html'), 'utf8')).toContain('Every other');
  expect(npm(project, 'exec', '--offline', '--', 'hefl', 'plan')).toContain('maskcrypt');
});

test('npx finds the command in a checkout, without the network', () => {
  expect(npm(checkout, 'exec', '--offline', '--', 'hefl', '--version')).toMatch(/^\d+\.\d+\.\d+/m);
});
