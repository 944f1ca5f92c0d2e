import { hashOf } from '../spec/hash.ts';
import type { PluginUse, Specification } from '../spec/specification.ts';

/** Tasks of one kind take about the same time: what they do, and every setting that costs. */
function kind(what: string, model: string, settings: unknown): string {
  return `${what} on ${model} #${hashOf(settings).slice(0, 6)}`;
}

export function pretrainingKind({ model, pretraining }: Specification): string {
  return kind('pretrain', model, pretraining);
}

export function trajectoryKind({ model, dataset, federation }: Specification): string {
  return kind('train', model, { dataset, federation });
}

export function protocolKind(specification: Specification, row: string): string {
  const { model, dataset, federation, probes } = specification;
  return kind(`protocol ${row}`, model, { dataset, federation, probes });
}

export function attackKind(specification: Specification, { id, params }: PluginUse): string {
  const { model, probes, membership } = specification;
  return kind(`attack ${id}`, model, { params, probes, membership });
}

export function resultsKind({ model, ...specification }: Specification): string {
  return kind('results', model, specification);
}
