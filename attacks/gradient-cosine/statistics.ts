/** Of samples' gradients g and an update Δ: ⟨g, Δ⟩ and ‖g‖², one per sample. */
export interface Measured {
  readonly products: Float64Array;
  readonly squares: Float64Array;
}

/**
 * cos(g_x, Δ) per sample; 0 where one of them is 0, which points nowhere.
 *
 * @param squaredNorm ‖Δ‖² over the coordinates of the measures
 */
export function cosines({ products, squares }: Measured, squaredNorm: number): Float64Array {
  return products.map((product, at) => {
    const norms = Math.sqrt((squares[at] as number) * squaredNorm);
    return norms === 0 ? 0 : product / norms;
  });
}

/** ‖Δ‖² − ‖Δ − g_x‖² = 2⟨Δ, g_x⟩ − ‖g_x‖² per sample; 0 where no update was seen. */
export function gradientDifferences(
  { products, squares }: Measured,
  squaredNorm: number,
): Float64Array {
  return products.map((product, at) =>
    squaredNorm === 0 ? 0 : 2 * product - (squares[at] as number),
  );
}
