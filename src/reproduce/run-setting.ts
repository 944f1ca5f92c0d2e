import type { RunResults } from '../api/results.ts';

type Count =
  | 'clients'
  | 'clientsPerRound'
  | 'rounds'
  | 'localEpochs'
  | 'batchSize'
  | 'learningRate';

/** The setting as it was run, in a line. */
export function describeRun(results: RunResults): string {
  const { title, specification, dataset, model, seeds } = results;
  const { federation } = specification as { federation: Record<Count, number> };
  return [
    `${title}: ${dataset.title} (${dataset.members} members${dataset.synthetic ? ', synthetic' : ''})`,
    model.title,
    `${federation.clientsPerRound} of ${federation.clients} clients`,
    `${federation.rounds} rounds`,
    `${federation.localEpochs} local epochs`,
    `batch ${federation.batchSize}`,
    `learning rate ${federation.learningRate}`,
    seeds.length === 1 ? '1 seed' : `${seeds.length} seeds`,
  ].join(', ');
}
