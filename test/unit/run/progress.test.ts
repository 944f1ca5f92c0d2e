import { expect, test } from 'vitest';
import { RunProgress } from '../../../src/run/progress.ts';
import { Timings } from '../../../src/run/timings.ts';

let clock = 0;
function start(jobs = 2) {
  clock = 0;
  const timings = Timings.read('/nowhere');
  let changes = 0;
  const onChange = () => {
    changes++;
  };
  const progress = new RunProgress({ timings, jobs, onChange, now: () => clock });
  return { progress, timings, changes: () => changes };
}

test('there is no estimate while a kind of task was never measured', () => {
  const { progress, timings } = start();
  const first = progress.plan('attack', 'dlg', 'dlg on none');
  progress.plan('attack', 'dlg', 'dlg on random');
  expect(progress.remaining()).toBeUndefined();
  first.started();
  clock = 10_000;
  expect(progress.remaining()).toBeUndefined();
  first.progress(0.25);
  expect(progress.remaining()?.seconds).toBe(40);
  timings.add('dlg', { seconds: 20, peakBytes: 1 });
  expect(progress.remaining()?.seconds).toBe(30);
  first.ended('done');
  expect(progress.remaining()?.seconds).toBe(20);
});

test('a kind that was never measured makes the estimate a lower bound', () => {
  const { progress, timings } = start();
  timings.add('train', { seconds: 20, peakBytes: 1 });
  progress.plan('trajectory', 'train', 'seed 1');
  const attack = progress.plan('attack', 'dlg', 'dlg on none');
  expect(progress.remaining()).toEqual({ seconds: 20, atLeast: true });
  attack.ended('done');
  expect(progress.remaining()).toEqual({ seconds: 20, atLeast: false });
});

test('the longest task bounds the estimate, whatever the number of processes', () => {
  const { progress, timings } = start(8);
  timings.add('ig', { seconds: 60, peakBytes: 1 });
  timings.add('loss', { seconds: 1, peakBytes: 1 });
  progress.plan('attack', 'ig', 'ig').started();
  for (let at = 0; at < 8; at++) progress.plan('attack', 'loss', `loss ${at}`);
  clock = 20_000;
  expect(progress.remaining()?.seconds).toBe(40);
});

test('stages count what is done, reused and failed, in their order', () => {
  const { progress, changes } = start();
  const tasks = ['a', 'b', 'c', 'd'].map((label) => progress.plan('protocol', 'p', label));
  progress.plan('trajectory', 't', 'seed 1').ended('reused');
  tasks[0]?.ended('done');
  tasks[1]?.ended('failed');
  tasks[2]?.started();
  tasks[2]?.progress(0.5);
  expect(progress.stages()).toEqual([
    { stage: 'trajectory', total: 1, done: 1, reused: 1, failed: 0, running: [], fraction: 1 },
    {
      stage: 'protocol',
      total: 4,
      done: 2,
      reused: 0,
      failed: 1,
      running: [{ label: 'c', fraction: 0.5 }],
      fraction: 2.5 / 4,
    },
  ]);
  expect(changes()).toBe(5);
});
