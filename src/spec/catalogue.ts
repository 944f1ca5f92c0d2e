import type { AttackKind } from '../api/attack.ts';
import type { Meta } from '../api/meta.ts';
import type { AdversaryId } from '../view/adversaries.ts';

/** What a specification may name. Filled by the composition root; this room knows no plug-in. */
export interface Catalogue {
  readonly defenses: readonly { readonly meta: Meta<unknown> }[];
  readonly attacks: readonly {
    readonly meta: Meta<unknown> & {
      readonly kind: AttackKind;
      readonly adversaries: readonly AdversaryId[];
    };
  }[];
  readonly adversaries: readonly { readonly id: string }[];
  readonly models: readonly { readonly id: string }[];
  readonly datasets: readonly {
    readonly id: string;
    readonly trainSamples: number;
    readonly testSamples: number;
  }[];
}
