import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hefl, temporaryFolder, tinySpecification, writeText } from './cli-process.ts';

const folder = temporaryFolder();
const runs = join(folder, 'runs');
const specification = writeText(
  join(folder, 'tiny.yaml'),
  tinySpecification({ probes: '{ images: 4, localSteps: [1], rounds: [last] }' }),
);
const search = (...args: string[]) =>
  hefl('search', specification, '--runs', runs, '--attack', 'analytic-fc', ...args);
afterAll(() => rmSync(folder, { recursive: true }));

test('bisects to the smallest ratio that keeps an attack out, and shows the evidence', {
  timeout: 180_000,
}, async () => {
  const asked = ['--defense', 'random', '--adversary', 'mask-aware', '--step', '0.5', '--json'];
  const { stdout, stderr, code } = await search(...asked, '--target', 'psnr < null + 1 dB');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { smallest, evidence } = JSON.parse(stdout);
  // A pixel is hidden only if all its coordinates are: any plaintext coordinate gives it away.
  expect(smallest).toBe(1);
  expect(
    evidence.map(({ ratio, safe }: { ratio: number; safe: boolean }) => [ratio, safe]),
  ).toEqual([
    [0, false],
    [0.5, false],
    [1, true],
  ]);
  for (const { realisedRatio, ratio, scores } of evidence) {
    expect(realisedRatio).toBeCloseTo(ratio, 3);
    expect(scores).toHaveLength(1);
    expect(scores[0]).toMatchObject({ adversary: 'mask-aware', value: { n: 4 } });
  }
  expect(stderr).toContain('tiny-search-random/report.html');

  // What was tried is kept: another target asks the same runs.
  const loose = await search(
    '--defense',
    'random',
    '--adversary',
    'mask-aware',
    '--step',
    '0.5',
    '--target',
    'psnr < 200',
  );
  expect(loose.stdout).toMatch(
    /Smallest safe ratio of random against analytic-fc: 0 \(to within 0\.5\)/,
  );
});

test('a target that nothing keeps ends with code 3', { timeout: 180_000 }, async () => {
  const { code, stdout } = await search(
    '--defense',
    'random',
    '--adversary',
    'mask-aware',
    '--target',
    'psnr < 1',
  );
  expect(code).toBe(3);
  expect(stdout).toContain('No ratio up to 1 keeps the target');
});

test.each([
  [['--defense', 'none', '--target', 'psnr < 3'], 'no parameter "ratio"'],
  [['--defense', 'random', '--target', 'pnsr < 3'], 'did you mean "psnr"?'],
  [['--defense', 'random', '--target', 'psnr < 3', '--adversary', 'stail'], 'no adversary "stail"'],
  [['--defense', 'random', '--target', 'psnr < 3', '--from', '2'], '0 ≤ --from'],
])('%j is wrong usage', async (args, message) => {
  const { code, stderr } = await search(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
