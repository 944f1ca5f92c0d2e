import { z } from 'zod';
import type { Meta } from '../api/meta.ts';

type Params = Readonly<Record<string, unknown>>;

/** One combination of a defense's listed values. */
export interface GridPoint {
  readonly params: Params;
  /** Which element of each listed parameter this point has. */
  readonly element: Readonly<Record<string, number>>;
}

/** More rows than this are a mistake, and would take forever to list. */
export const MOST_GRID_POINTS = 1000;

/**
 * Parameters whose value is a list of alternatives. A parameter that is a list by nature (layers,
 * say) takes a list of lists to span the grid.
 */
export function listedParams(meta: Meta<unknown>, params: Params): string[] {
  return Object.keys(params).filter((key) => {
    const value = params[key];
    if (!Array.isArray(value)) return false;
    const field = fields(meta)[key];
    if (!(field instanceof z.ZodType)) return true;
    if (isList(field)) return value.length > 0 && value.every(Array.isArray);
    return !field.safeParse(value).success;
  });
}

function isList(field: unknown): boolean {
  return field instanceof z.ZodOptional || field instanceof z.ZodDefault
    ? isList(field.unwrap())
    : field instanceof z.ZodArray || field instanceof z.ZodTuple;
}

/** Every combination of listed values; the last listed parameter varies fastest. */
export function gridPoints(meta: Meta<unknown>, params: Params): GridPoint[] {
  let points: GridPoint[] = [{ params, element: {} }];
  for (const key of listedParams(meta, params)) {
    const alternatives = params[key] as readonly unknown[];
    points = points.flatMap((point) =>
      alternatives.map((value, at) => ({
        params: { ...point.params, [key]: value },
        element: { ...point.element, [key]: at },
      })),
    );
  }
  return points;
}

/** Values of the parameters that needn't be written. */
export function defaultParams(meta: Meta<unknown>): Params {
  return Object.fromEntries(
    Object.entries(fields(meta)).flatMap(([key, field]) => {
      const filled = field instanceof z.ZodType ? field.safeParse(undefined) : undefined;
      return filled?.success && filled.data !== undefined ? [[key, filled.data]] : [];
    }),
  );
}

function fields({ params }: Meta<unknown>): Readonly<Record<string, unknown>> {
  return params instanceof z.ZodObject ? params.shape : {};
}
