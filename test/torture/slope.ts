/** A straight line through samples. */

/** The slope of `values`, taken at `times`, and its standard error, by least squares; needs three or more. */
export function slope(times: readonly number[], values: readonly number[]): { slope: number; error: number } {
  const n = times.length;
  if (n < 3 || values.length !== n) throw new RangeError('a slope needs three samples');
  const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / n;
  const [time, value] = [mean(times), mean(values)];
  const spread = times.reduce((sum, each) => sum + (each - time) ** 2, 0);
  const rise = times.reduce((sum, each, i) => sum + (each - time) * (values[i] - value), 0) / spread;
  const residual = values.reduce((sum, each, i) => sum + (each - value - rise * (times[i] - time)) ** 2, 0);
  return { slope: rise, error: Math.sqrt(residual / (n - 2) / spread) };
}
