/** Seconds passed since a `performance.now()`. */
export function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}
