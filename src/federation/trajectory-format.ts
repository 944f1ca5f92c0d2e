import { z } from 'zod';
import type { Trajectory } from './trajectory.ts';

/** A stored trajectory that is not one: names the place and what is wrong there. */
export class TrajectoryFormatError extends Error {
  override readonly name = 'TrajectoryFormatError';
}

const vector = z.custom<Float32Array>(
  (value) => value instanceof Float32Array && value.every(Number.isFinite),
  'expected a Float32Array of finite values',
);
const positive = z.int().positive();
const seconds = z.number().nonnegative();

const trajectory = z.strictObject({
  format: z.literal('hefl-trajectory/1'),
  model: z.string(),
  size: positive,
  rounds: z
    .array(
      z.strictObject({
        round: positive,
        globalModel: vector,
        clients: z
          .array(
            z.strictObject({
              client: z.int().nonnegative(),
              samples: positive,
              localSteps: positive,
              batchSize: positive,
              start: vector.exactOptional(),
              localModel: vector,
              gradient: vector.exactOptional(),
              seconds: z.strictObject({ train: seconds, gradient: seconds }),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
  finalModel: vector,
});

/**
 * A trajectory read back from a store (it is written as it is).
 * @throws {TrajectoryFormatError} naming the first field that is missing or inconsistent.
 */
export function parseTrajectory(stored: unknown): Trajectory {
  const parsed = trajectory.safeParse(stored);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue?.path.join('.') || 'the stored trajectory';
    throw new TrajectoryFormatError(`${place}: ${issue?.message ?? 'unreadable'}`);
  }
  const { size, rounds, finalModel } = parsed.data;
  requireSize(finalModel, size, 'finalModel');
  rounds.forEach(({ round, globalModel, clients }, at) => {
    const where = `rounds.${at}`;
    if (round !== at + 1)
      throw new TrajectoryFormatError(`${where}.round: ${round} where round ${at + 1} belongs`);
    requireSize(globalModel, size, `${where}.globalModel`);
    clients.forEach(({ start, localModel, gradient }, index) => {
      if (start) requireSize(start, size, `${where}.clients.${index}.start`);
      requireSize(localModel, size, `${where}.clients.${index}.localModel`);
      if (gradient) requireSize(gradient, size, `${where}.clients.${index}.gradient`);
    });
  });
  return parsed.data;
}

function requireSize(values: Float32Array, size: number, where: string): void {
  if (values.length !== size)
    throw new TrajectoryFormatError(`${where}: ${values.length} values for ${size} parameters`);
}
