import { z } from 'zod';
import { datasetList } from '../../../src/data/registry.ts';
import type { Catalogue } from '../../../src/spec/catalogue.ts';

const meta = (id: string, params: z.ZodType<unknown>, version = 1) => ({
  id,
  version,
  title: `The ${id}`,
  source: 'Paper §1',
  params,
});
const ratio = z.number().min(0).max(1).describe('encrypt ratio ρ');
const all = ['stale', 'global-fill', 'mask-aware', 'oracle'] as const;

/** A small catalogue of plug-ins as the suite has them. */
export const catalogue: Catalogue = {
  defenses: [
    { meta: meta('none', z.strictObject({})) },
    { meta: meta('full', z.strictObject({})) },
    { meta: meta('random', z.strictObject({ ratio })) },
    {
      meta: meta(
        'maskcrypt',
        z.strictObject({ ratio, consensus: z.enum(['truncate', 'union']).default('truncate') }),
        3,
      ),
    },
    {
      meta: meta(
        'layers',
        z.strictObject({ layers: z.array(z.int().min(0)).min(1), note: z.string().default('-') }),
      ),
    },
    { meta: meta('loose', z.object({ strength: z.number().default(1) })) },
    {
      meta: meta(
        'window',
        z
          .strictObject({ from: z.number(), to: z.number() })
          .refine(({ from, to }) => from < to, { error: 'must have from below to', path: ['to'] }),
      ),
    },
    {
      meta: meta(
        'tags',
        z.strictObject({ names: z.array(z.string()).min(2), motto: z.string().max(5) }),
      ),
    },
  ],
  attacks: [
    {
      meta: {
        ...meta('loss-threshold', z.strictObject({})),
        kind: 'membership',
        adversaries: all,
      },
    },
    {
      meta: {
        ...meta('dlg', z.strictObject({ iterations: z.int().min(1).default(300) })),
        kind: 'reconstruction',
        adversaries: ['mask-aware', 'oracle'],
      },
    },
  ],
  adversaries: all.map((id) => ({ id })),
  models: [
    { id: 'lenet-5', inputShape: [28, 28, 1], classes: 10 },
    { id: 'dlg-lenet-cifar100', inputShape: [32, 32, 3], classes: 100 },
  ],
  datasets: datasetList().filter(({ id }) => id.endsWith('mnist')),
};

/** The least that makes a specification. */
export const minimal = {
  dataset: 'mnist',
  model: 'lenet-5',
  defenses: ['none'],
  attacks: ['loss-threshold'],
};
