import { z } from 'zod';
import type { Defense } from '../../src/api/defense.ts';
import { lora } from '../../src/models/lora.ts';
import { doubleSqueeze } from './double-squeeze.ts';

/** How clients make less of what they exchange, before anything is encrypted; for any HE defense. */
export const efficiency = z
  .union([
    z.literal('none'),
    z.strictObject({
      kind: z.literal('doublesqueeze'),
      share: z
        .number()
        .positive()
        .max(1)
        .default(0.3)
        .describe('Share of its update that a client sends, the largest changes, 0 … 1'),
    }),
    z.strictObject({
      kind: z.literal('lora'),
      rank: z.int().min(1).default(8).describe('r: rank of the adapters'),
      alpha: z
        .number()
        .positive()
        .default(16)
        .describe('α: adapters count α/r times; the larger, the faster they learn'),
    }),
  ])
  .default('none')
  .describe(
    'Make the update smaller before it is encrypted. doublesqueeze: each client sends its largest changes and keeps the rest for later (Tang et al. 2019). lora: adapters of low rank are trained and exchanged, over a frozen initial model (Hu et al. 2022)',
  );

/** What a defense with the parameter `efficiency` is spread with: `...efficient`. */
export const efficient: Required<
  Pick<Defense<{ readonly efficiency: z.infer<typeof efficiency> }>, 'transform' | 'model'>
> = {
  transform: ({ efficiency: use }) =>
    typeof use === 'object' && use.kind === 'doublesqueeze' ? doubleSqueeze(use.share) : undefined,
  model({ efficiency: use }) {
    if (typeof use !== 'object' || use.kind !== 'lora') return undefined;
    const { rank, alpha } = use;
    return (base, random) => lora(base, { rank, alpha }, random);
  },
};
