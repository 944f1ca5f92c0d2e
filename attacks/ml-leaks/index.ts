import { defineAttack, NotApplicable } from '../../src/api/attack.ts';
import { scoreEachVictim } from '../query/each-victim.ts';
import { trainAttackModel } from './attack-model.ts';
import { ML_LEAKS_VERSION, mlLeaksParams } from './params.ts';
import { topPosteriors } from './posteriors.ts';
import { shadowPosteriors } from './shadow-model.ts';

/**
 * A shadow model shows how posteriors of members differ from those of others; a small network
 * learns the difference and is asked about the exposed model's posteriors.
 */
export const mlLeaks = defineAttack({
  meta: {
    id: 'ml-leaks',
    version: ML_LEAKS_VERSION,
    title: 'ML-Leaks',
    source:
      'Salem et al. 2019, §III (adversary 1: one shadow model of the same architecture on half of the ' +
      "attacker's own data, three largest posteriors, an MLP of 64 hidden units); MaskCrypt's " +
      'membership attack. Differs: posteriors are standardised before the MLP.',
    params: mlLeaksParams,
    kind: 'membership',
    adversaries: ['stale', 'global-fill', 'mask-aware', 'oracle'],
  },
  async run(view, aux, context) {
    if (aux.shadow.count < 4)
      throw new NotApplicable(
        `The attacker has ${aux.shadow.count} samples of its own; a shadow model needs at least 4.`,
      );
    const shadow = await shadowPosteriors(view.hyper, aux.shadow, context);
    const memberLogit = await trainAttackModel(shadow, context);
    return scoreEachVictim(aux, context, (logits) => memberLogit(topPosteriors(logits)));
  },
});
