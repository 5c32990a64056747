import assert from 'node:assert/strict';
import { median, recommend, summarize, superiority, type Circumstances } from '../../dist/tune/judge.js';
import type { RunFigures } from '../../dist/tune/run.js';

const usual: Circumstances = { rate: undefined, saturated: true };

/** Runs with these rates, by number of sockets; what else they found is made up. */
function runsOf(rates: Record<number, number[]>, more: Partial<RunFigures> = {}): RunFigures[] {
  return Object.entries(rates).flatMap(([sockets, all]) =>
    all.map((queriesPerSecond): RunFigures => ({
      sockets: Number(sockets),
      queriesPerSecond,
      cpuPerQuery: 50,
      cpuUsed: 1.6,
      cpuAvailable: 1.8,
      generator: 0.2,
      others: 0,
      p50: 1,
      p99: 2,
      p999: 3,
      latencyRate: 1000,
      lost: 0,
      asked: 10_000,
      drops: 0,
      skew: 1,
      memory: 6e7,
      failures: 0,
      warnings: [],
      ...more,
    })),
  );
}

describe('the recommendation of tune', () => {
  it('is the best value when its runs are apart from those of all smaller ones', () => {
    const found = recommend(runsOf({ 1: [100, 101, 99], 2: [180, 178, 181], 4: [150, 151, 149] }), usual);
    assert.deepEqual([found.sockets, found.best, found.limit, found.certainty], [2, 2, 'cpu', 'high']);
    assert.equal(found.error, 1.5 / 180);
    assert.deepEqual(found.caveats, []);
    assert.match(found.reason, /^2 sockets: 180 queries a second \(±0\.8 %\), 80 % more than 1 socket; no other value/);
  });

  it('says nothing of how much runs differ where each value had one', () => {
    const { reason } = recommend(runsOf({ 1: [100], 2: [180] }), usual);
    assert.match(reason, /^2 sockets: 180 queries a second, 80 % more than 1 socket/);
  });

  it('is the smallest value that equals the best', () => {
    const found = recommend(runsOf({ 1: [100, 101, 99], 2: [180, 190, 185], 4: [186, 179, 191] }), usual);
    assert.deepEqual([found.sockets, found.best, found.certainty], [2, 4, 'high']);
    assert.match(found.reason, /4 cannot be told from it/);
  });

  it('takes a difference that is of no use to anybody for none', () => {
    const found = recommend(runsOf({ 1: [1000, 1001, 1002], 2: [1010, 1011, 1012] }), usual);
    assert.equal(found.sockets, 1);
  });

  it('says that sockets do not help a server that leaves CPU unused though it answers no more', () => {
    const idle = { cpuUsed: 0.3, cpuAvailable: 1.8 };
    const found = recommend(runsOf({ 1: [100, 101, 99], 2: [100, 101, 98], 4: [99, 101, 100] }, idle), usual);
    assert.deepEqual([found.sockets, found.limit, found.certainty], [1, 'upstream', 'high']);
    assert.match(found.reason, /^Sockets do not help this server: .* only 0\.3 of 1\.8 available CPUs in use\./);
    const more = recommend(runsOf({ 1: [100], 2: [100] }, idle), { rate: undefined, saturated: false });
    assert.deepEqual([more.limit, more.certainty], ['window', 'low']);
  });

  it('says that there is no CPU left for more sockets', () => {
    const found = recommend(runsOf({ 1: [100, 101, 99], 2: [100, 101, 98] }), usual);
    assert.deepEqual([found.sockets, found.limit], [1, 'cpu']);
    assert.match(found.reason, /there is no CPU left that more sockets could use/);
  });

  it('is not sure of what its own load generator limits', () => {
    const found = recommend(runsOf({ 1: [100, 101, 99], 2: [100, 101, 98] }, { generator: 0.97 }), usual);
    assert.deepEqual([found.limit, found.certainty], ['generator', 'low']);
    assert.match(found.caveats.join(), /load generator had 0\.97 of its CPU in use/);
  });

  it('is the fewest sockets that bear a rate that was asked for', () => {
    const rates = { 1: [80, 81, 82], 2: [100, 100, 100], 4: [100, 100, 100] };
    const found = recommend(runsOf(rates, { cpuUsed: 0.5 }), { rate: 100, saturated: true });
    assert.deepEqual([found.sockets, found.limit], [2, 'rate']);
    assert.match(found.reason, /^2 sockets bear the rate that was asked for: 100 queries a second/);
  });

  it('is less sure the more runs overlap, and the more they differ', () => {
    const certainty = (rates: Record<number, number[]>, more?: Partial<RunFigures>): string =>
      recommend(runsOf(rates, more), usual).certainty;
    const apart = { 1: [100, 101, 99], 2: [180, 181, 179] };
    assert.equal(certainty(apart), 'high');
    assert.equal(certainty({ 1: [100, 104, 108], 2: [107, 109, 110] }), 'moderate');
    assert.equal(certainty({ 1: [100, 101, 99], 2: [160, 200, 180] }), 'moderate');
    assert.equal(certainty({ 1: [100, 101, 99], 2: [120, 240, 180] }), 'low');
    assert.equal(certainty(apart, { others: 0.3 }), 'moderate');
    assert.equal(certainty(apart, { others: 0.9 }), 'low');
    assert.equal(certainty({ 1: [100, 100], 2: [180, 180] }), 'low');
    assert.equal(certainty({ 2: [180, 180, 180] }), 'low');
  });

  it('tells what should be looked at', () => {
    const odd = { failures: 0.5, lost: 100, warnings: ['it hurts'], others: 0.4 };
    const { caveats } = recommend(runsOf({ 1: [100, 101, 99], 2: [180, 181, 179] }, odd), usual);
    for (const part of [
      /largest value .* is best/,
      /50 % of the answers were failures/,
      /was lost with 1, 2 sockets/,
    ]) {
      assert.match(caveats.join('\n'), part);
    }
    assert.match(caveats.join('\n'), /Other processes had 0\.4 CPUs/);
    assert.match(caveats.join('\n'), /The server warned: it hurts$/);
  });
});

describe('what it is made of', () => {
  it('the share of pairs that are won', () => {
    assert.equal(superiority([2, 3], [1, 1]), 1);
    assert.equal(superiority([1, 2], [1, 2]), 0.5);
    assert.equal(superiority([1, 1], [2, 1]), 0.25);
  });

  it('the median', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
  });

  it('a summary of each value, by number', () => {
    const [two, ten] = summarize(runsOf({ 10: [5, 7, 6], 2: [1, 2, 3] }));
    assert.deepEqual([two.sockets, two.median.queriesPerSecond, two.least, two.most, two.behind], [2, 2, 1, 3, 1]);
    assert.deepEqual([ten.sockets, ten.median.queriesPerSecond, ten.tied, ten.behind], [10, 6, true, 0.5]);
  });
});
