import type { Engine } from '../engine/program.ts';
import type { Model } from '../models/model.ts';

/** Opens something once for each (engine, model, batch size) and keeps it: its compiled programs. */
export function keptPerModel<T>(
  open: (engine: Engine, model: Model, batchSize: number) => T,
): (engine: Engine, model: Model, batchSize: number) => T {
  const opened = new WeakMap<Engine, WeakMap<Model, Map<number, T>>>();
  return (engine, model, batchSize) => {
    const byModel = opened.get(engine) ?? new WeakMap<Model, Map<number, T>>();
    opened.set(engine, byModel);
    const bySize = byModel.get(model) ?? new Map<number, T>();
    byModel.set(model, bySize);
    const kept = bySize.get(batchSize) ?? open(engine, model, batchSize);
    bySize.set(batchSize, kept);
    return kept;
  };
}
