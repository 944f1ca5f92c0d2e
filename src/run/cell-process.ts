import { attacks } from '../../attacks/index.ts';
import { defenses } from '../../defenses/index.ts';
import { describeError } from './failure.ts';
import type { FromChild, ToChild } from './messages.ts';
import { attackStage } from './stages/attack.ts';
import { pretrainingStage } from './stages/pretraining.ts';
import { protocolStage } from './stages/protocol.ts';
import { resultsStage } from './stages/results.ts';
import type { Claim } from './stages/shared-values.ts';
import { trajectoryStage } from './stages/trajectory.ts';
import { viewStage } from './stages/view.ts';
import { type StageTools, Workplace } from './stages/workplace.ts';
import type { Task } from './tasks.ts';

/** Entry of the child processes: carries out the tasks its parent sends, one at a time. */

const workplace = new Workplace({ defenses, attacks });
const granted = new Map<string, () => void>();
let abort = new AbortController();

function tell(message: FromChild): void {
  process.send?.(message);
}

const claim: Claim = async (key, work) => {
  const grant = new Promise<void>((resolve) => granted.set(key, resolve));
  tell({ type: 'claim', key });
  await grant;
  try {
    return await work();
  } finally {
    tell({ type: 'release', key });
  }
};

async function carryOut(task: Task): Promise<void> {
  abort = new AbortController();
  const tools: StageTools = { workplace, signal: abort.signal, progress: throttled(), claim };
  switch (task.kind) {
    case 'pretraining':
      return pretrainingStage(task, tools);
    case 'trajectory':
      return trajectoryStage(task, tools);
    case 'protocol':
      return protocolStage(task, tools);
    case 'view':
      return viewStage(task);
    case 'attack':
      return attackStage(task, tools);
    case 'results': {
      const { renderReport } = await import('../../reports/index.ts');
      return resultsStage(task, tools, renderReport);
    }
  }
}

/** An attack may report every iteration; the parent hears of it four times a second. */
function throttled(): (fraction: number) => void {
  let last = 0;
  return (fraction) => {
    const now = performance.now();
    if (now - last < 250) return;
    last = now;
    tell({ type: 'progress', fraction });
  };
}

process.on('message', (message: ToChild) => {
  if (message.type === 'abort') abort.abort();
  else if (message.type === 'cores') workplace.useCores(message.cores);
  else if (message.type === 'granted') granted.get(message.key)?.();
  else
    carryOut(message.task as Task).then(
      () => tell({ type: 'done', result: null }),
      (error: unknown) => tell({ type: 'failed', failure: describeError(error) }),
    );
});
// The terminal sends Ctrl-C to the whole group; the parent decides when its children end.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
