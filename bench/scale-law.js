// The universal scalability law: what is lost to contention and to coherence, and what that means for more cores.

/** Throughput by that of one thread. */
export function speedup(threads, { contention, coherence }) {
  return threads / (1 + contention * (threads - 1) + coherence * threads * (threads - 1));
}

/**
 * Fits the law. `points`: for each number of threads, the speed-ups of all rounds. Returns the least and the most of each
 * term over the rounds, the terms themselves, and the share of a perfect speed-up that is left at `target` threads.
 */
export function fitLaw(points, target) {
  const rounds = points[0].ratios.map((_, round) =>
    points
      .filter(({ threads }) => threads > 1)
      .map(({ threads, ratios }) => ({ threads, lost: threads / ratios[round] - 1 })),
  );
  const fits = rounds.flatMap(fitsOf);
  const range = (numbers) => ({ least: Math.min(...numbers), most: Math.max(...numbers) });
  const shares = fits.map((fit) => speedup(target, fit) / target).sort((a, b) => a - b);
  return {
    fits,
    contention: range(fits.map(({ contention }) => contention)),
    coherence: range(fits.map(({ coherence }) => coherence)),
    share: { ...range(shares), middle: shares[Math.floor(shares.length / 2)] },
  };
}

/** Least squares with terms of at least 0. One point leaves two fits: all is contention, or all is coherence. */
function fitsOf(points) {
  if (points.length === 0) return [];
  const sum = (term) => points.reduce((all, point) => all + term(point), 0);
  const x = ({ threads }) => threads - 1;
  const z = ({ threads }) => threads * (threads - 1);
  const lost = (point) => point.lost;
  const only = (term) => Math.max(0, sum((p) => term(p) * lost(p)) / sum((p) => term(p) ** 2));
  const ends = [
    { contention: only(x), coherence: 0 },
    { contention: 0, coherence: only(z) },
  ];
  if (points.length === 1) return ends;
  const [xx, zz, xz] = [sum((p) => x(p) ** 2), sum((p) => z(p) ** 2), sum((p) => x(p) * z(p))];
  const [xl, zl] = [sum((p) => x(p) * lost(p)), sum((p) => z(p) * lost(p))];
  const determinant = xx * zz - xz ** 2;
  const both = { contention: (xl * zz - zl * xz) / determinant, coherence: (zl * xx - xl * xz) / determinant };
  if (both.contention >= 0 && both.coherence >= 0) return [both];
  const error = (fit) => sum((p) => (fit.contention * x(p) + fit.coherence * z(p) - lost(p)) ** 2);
  return [ends.reduce((best, each) => (error(each) < error(best) ? each : best))];
}
