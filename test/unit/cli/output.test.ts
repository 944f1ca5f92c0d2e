import { expect, test } from 'vitest';
import { formatDuration, formatMemory } from '../../../src/cli/duration.ts';
import { explain, UsageError } from '../../../src/cli/errors.ts';
import { openDisplay } from '../../../src/cli/progress-display.ts';
import { textTable } from '../../../src/cli/text-table.ts';
import { RunProgress } from '../../../src/run/progress.ts';
import { Interrupted } from '../../../src/run/stage-runner.ts';
import { Timings } from '../../../src/run/timings.ts';

test.each([
  [0.2, '1 s'],
  [59.4, '59 s'],
  [60, '1 min'],
  [200, '3 min 20 s'],
  [7500, '2 h 05 min'],
])('%f seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('memory is in binary units', () => {
  expect(formatMemory(1.5 * 2 ** 30)).toBe('1.5 GiB');
  expect(formatMemory(320 * 2 ** 20)).toBe('320 MiB');
});

test('columns are aligned, numbers flush right', () => {
  const rows = [
    ['defense', 'seed'],
    ['none', '10'],
  ];
  expect(textTable(rows, [false, true])).toBe('defense  seed\nnone       10');
});

test('exit codes follow from errors, stacks are for those who ask', () => {
  expect(explain(new UsageError('Say what.'), false)).toEqual({
    paragraph: 'hefl: Say what.',
    exitCode: 2,
  });
  expect(explain(new Interrupted('x'), false).exitCode).toBe(130);
  const unexpected = explain(new TypeError('x is undefined'), false);
  expect(unexpected.exitCode).toBe(1);
  expect(unexpected.paragraph).toBe('hefl: TypeError: x is undefined Add --verbose to see where.');
  expect(explain(new TypeError('x'), true).paragraph).toContain('output.test.ts');
});

/** Collects what is written, as a pipe or as a terminal. */
function collector(isTTY: boolean) {
  let text = '';
  const stream = {
    isTTY,
    columns: 100,
    rows: 40,
    write(chunk: string) {
      text += chunk;
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  return { stream, text: () => text };
}

function someProgress(onChange: (progress: RunProgress) => void = () => undefined) {
  return new RunProgress({ timings: Timings.read('/nowhere'), jobs: 2, onChange });
}

test('without a terminal each stage is one line, once it is over', () => {
  const { stream, text } = collector(false);
  const display = openDisplay(stream);
  const progress = someProgress((changed) => display.update(changed));
  const training = progress.plan('trajectory', 't', 'seed 1');
  const attacks = [1, 2].map((n) => progress.plan('attack', 'a', `attack ${n}`));
  attacks[0]?.ended('reused');
  training.started();
  training.progress(0.5);
  expect(text()).toBe('');
  training.ended('done');
  attacks[1]?.ended('failed');
  display.notice('view.bin is damaged.');
  expect(text()).toBe(
    'Train the federation  1/1\nAttack what the server saw  2/2, 1 reused, 1 failed\nview.bin is damaged.\n',
  );
});

test('on a terminal the list is redrawn, and closing it leaves its last state', async () => {
  const { stream, text } = collector(true);
  const display = openDisplay(stream);
  const progress = someProgress((changed) => display.update(changed));
  const training = progress.plan('trajectory', 't', 'seed 1');
  const attack = progress.plan('attack', 'a', 'dlg by stale on none');
  // The list starts its tasks in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 700));
  training.ended('done');
  attack.started();
  attack.progress(0.5);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(text()).toContain('████████░░░░░░░░ dlg by stale on none');
  attack.ended('failed');
  display.notice('view.bin is damaged.');
  await display.close();
  expect(text()).toContain('Attack what the server saw  1/1, 1 failed');
  expect(text().trimEnd().endsWith('view.bin is damaged.')).toBe(true);
});
