import type { AdversaryId, Exposure } from '../view/adversaries.ts';
import type { ServerView } from '../view/server-view.ts';
import type { Target } from './exposures.ts';

/** The same in all cells of a seed, so that reading them ties an attack to no cell. */
const PUBLIC_FIELDS = new Set<PropertyKey>(['model', 'size', 'hyper', 'initialModel']);

/**
 * Hands an attack its view and notices what it reads. An attack that looks at nothing but the
 * exposures of its targets and public facts gives the same answer wherever those are equal; one that
 * reads more (the rounds, the adversary's name, another transmission) answers for its own cell only.
 */
export class ObservedInput {
  readonly view: ServerView;
  readonly #adversary: AdversaryId;
  #readsMore = false;

  constructor(view: ServerView, adversary: AdversaryId) {
    this.#adversary = adversary;
    this.view = new Proxy(view, {
      get: (seen, field, receiver) => {
        if (!PUBLIC_FIELDS.has(field)) this.#readsMore = true;
        return Reflect.get(seen, field, receiver);
      },
      ownKeys: (seen) => {
        this.#readsMore = true;
        return Reflect.ownKeys(seen);
      },
    });
  }

  get adversary(): AdversaryId {
    this.#readsMore = true;
    return this.#adversary;
  }

  /** Wraps the reading of transmissions. */
  exposeOnly(
    targets: readonly Target[],
    expose: (target: Target) => Exposure,
  ): (target: Target) => Exposure {
    return (target) => {
      if (!targets.some(({ client, round }) => client === target.client && round === target.round))
        this.#readsMore = true;
      return expose(target);
    };
  }

  /** Wraps a reading that belongs to the cell. */
  recording<T>(read: () => T): () => T {
    return () => {
      this.#readsMore = true;
      return read();
    };
  }

  /** Whether the answer may depend on more than the targets' exposures. */
  get readsMore(): boolean {
    return this.#readsMore;
  }
}
