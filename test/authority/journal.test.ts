import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chainFrom, Journal } from '../../dist/authority/journal/journal.js';
import { decodeFile, encodeFile } from '../../dist/authority/journal/frames.js';
import { DifferenceDraft, type Difference } from '../../dist/zone/difference.js';
import { seededNumbers } from '../support/seeded-numbers.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ORIGIN = 'example.org';
const LIMIT = 10_000;

/** RDLENGTH and RDATA of an SOA record. */
function soaData(serial: number): Buffer {
  const data = Buffer.alloc(2 + 2 + 20);
  data.writeUInt16BE(22);
  data.writeUInt32BE(serial, 4);
  return data;
}

/** A difference that adds a TXT record of `size` octets. */
function difference(oldSerial: number, newSerial: number, size = 10, origin = ORIGIN): Difference {
  const draft = new DifferenceDraft();
  draft.removed.add(origin, 6, 60, [soaData(oldSerial)]);
  draft.added.add(origin, 6, 60, [soaData(newSerial)]);
  for (let left = size; left > 0; left -= 200) {
    const length = Math.min(left, 200);
    draft.added.add(`a.${origin}`, 16, 60, [
      Buffer.concat([Buffer.of(0, length + 1, length), Buffer.alloc(length, 'x')]),
    ]);
  }
  return draft.finish(oldSerial, newSerial);
}

const serials = (differences: readonly Difference[]): number[][] =>
  differences.map(({ oldSerial, newSerial }) => [oldSerial, newSerial]);

describe('The journal of a zone', () => {
  let path = '';
  beforeEach(() => {
    path = join(temporaryDirectory(), 'journal');
  });
  const opened = (serial: number, limit = LIMIT, file: string | undefined = path): Promise<Journal> =>
    Journal.open({ origin: ORIGIN, path: file, limit }, serial);

  it('is found again, with all that was appended', async () => {
    const journal = await opened(1);
    assert.deepEqual(journal.differences, []);
    for (let serial = 1; serial < 6; serial++) await journal.append(difference(serial, serial + 1));
    const again = await opened(6);
    assert.deepEqual(serials(again.differences), [
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 6],
    ]);
    assert.deepEqual(again.differences, journal.differences);
    await again.append(difference(6, 7));
    assert.equal((await opened(7)).differences.length, 6);
  });

  it('makes no file without differences', async () => {
    await opened(1);
    assert.equal(existsSync(path), false);
  });

  it('is empty if its last serial number is not that of the zone', async () => {
    const journal = await opened(1);
    await journal.append(difference(1, 2));
    assert.deepEqual((await opened(3)).differences, []);
    // It was discarded.
    assert.deepEqual((await opened(2)).differences, []);
  });

  it('begins anew with a difference that does not follow', async () => {
    const journal = await opened(1);
    await journal.append(difference(1, 2));
    await journal.append(difference(5, 6));
    assert.deepEqual(serials(journal.differences), [[5, 6]]);
    assert.deepEqual(serials((await opened(6)).differences), [[5, 6]]);
  });

  it('never has more octets than allowed, in the file or in memory', async () => {
    const journal = await opened(0);
    for (let serial = 0; serial < 200; serial++) {
      await journal.append(difference(serial, serial + 1, (serial * 37) % 1500));
      assert.ok(!existsSync(path) || statSync(path).size <= LIMIT);
      assert.ok(journal.differences.reduce((sum, { octets }) => sum + octets.length, 0) <= LIMIT);
      assert.ok(journal.differences.length > 1 || serial < 2);
      assert.equal(journal.differences.at(-1)?.newSerial, serial + 1);
    }
    assert.deepEqual((await opened(200)).differences, journal.differences);
  });

  it('is empty after a difference that is too large for it', async () => {
    const journal = await opened(1);
    await journal.append(difference(1, 2));
    await journal.append(difference(2, 3, LIMIT));
    assert.deepEqual(journal.differences, []);
    await journal.append(difference(3, 4));
    assert.deepEqual(serials((await opened(4)).differences), [[3, 4]]);
  });

  it('has at most 1,000 differences', async () => {
    const journal = await opened(0, 1e9, undefined);
    for (let serial = 0; serial < 2500; serial++) {
      await journal.append(difference(serial, serial + 1));
      assert.ok(journal.differences.length <= 1000);
    }
    assert.ok(journal.differences.length >= 500);
  });

  it('drops everything on demand', async () => {
    const journal = await opened(1);
    await journal.append(difference(1, 2));
    await journal.clear();
    assert.deepEqual(journal.differences, []);
    assert.deepEqual((await opened(2)).differences, []);
  });

  it('drops a tail that was cut off at any octet, and goes on behind the last whole difference', async () => {
    const journal = await opened(1);
    await journal.append(difference(1, 2, 20));
    const first = statSync(path).size;
    await journal.append(difference(2, 3, 20));
    const whole = readFileSync(path);
    for (let size = first; size < whole.length; size++) {
      writeFileSync(path, whole.subarray(0, size));
      const cut = await opened(2);
      assert.deepEqual(serials(cut.differences), [[1, 2]], `${size} octets`);
      assert.equal(statSync(path).size, first);
      await cut.append(difference(2, 3, 20));
      assert.deepEqual(readFileSync(path), whole);
    }
    truncateSync(path, 5);
    assert.deepEqual((await opened(2)).differences, []);
  });

  it('is not read if it is larger than allowed now', async () => {
    const journal = await opened(1);
    await journal.append(difference(1, 2, 500));
    assert.deepEqual((await opened(2, 400)).differences, []);
  });

  it('rejects with a system error, and goes on in memory', async () => {
    mkdirSync(path);
    await assert.rejects(opened(1), { code: 'EISDIR' });
    const journal = await opened(1, LIMIT, join(path, 'missing', 'journal'));
    await assert.rejects(journal.append(difference(1, 2)), { code: 'ENOENT' });
    await journal.append(difference(2, 3));
    assert.deepEqual(serials(journal.differences), [
      [1, 2],
      [2, 3],
    ]);
  });
});

describe('The contents of a journal', () => {
  const chain = [difference(1, 2), difference(2, 3, 300), difference(3, 4)];
  const known = new Set(chain.map(({ octets }) => Buffer.from(octets).toString('hex')));

  it('are a beginning of the chain whatever 1,000 damages do', () => {
    const random = seededNumbers('journal');
    const next = (count: number): number => random.next().value % count;
    const whole = encodeFile(chain);
    for (let i = 0; i < 1000; i++) {
      let damaged = Buffer.from(whole);
      for (let left = 1 + next(3); left > 0; left--) {
        const at = next(damaged.length);
        const kind = next(4);
        if (kind === 0) damaged[at] ^= 1 << next(8);
        else if (kind === 1) damaged = damaged.subarray(0, at + 1);
        else if (kind === 2) damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(next(at + 1))]);
        else for (let j = at; j < damaged.length; j++) damaged[j] = next(256);
      }
      const read = decodeFile(damaged, ORIGIN);
      read.forEach(({ octets, newSerial, oldSerial }, place) => {
        assert.ok(known.has(Buffer.from(octets).toString('hex')));
        if (place > 0) assert.equal(oldSerial, read[place - 1].newSerial);
        assert.ok(newSerial > oldSerial);
      });
    }
  });

  it('are nothing for random octets behind the first line', () => {
    const random = seededNumbers('noise');
    const head = encodeFile([]);
    for (let i = 0; i < 2000; i++) {
      const noise = Buffer.from(Array.from({ length: random.next().value % 300 }, () => random.next().value % 256));
      if (i % 2 === 0 && noise.length > 4) noise.writeUInt32BE(noise.length % 64);
      assert.deepEqual(decodeFile(Buffer.concat([head, noise]), ORIGIN), []);
    }
  });

  it('are nothing for another zone', () => {
    assert.deepEqual(decodeFile(encodeFile(chain), 'example.com'), []);
  });

  it('lead from a serial number to the current one, or are no help', () => {
    assert.deepEqual(chainFrom(chain, 2, 4), chain.slice(1));
    assert.deepEqual(chainFrom(chain, 1, 4), chain);
    for (const [serial, current] of [
      [4, 4],
      [0, 4],
      [5, 4],
      [2, 5],
      [2, 3],
    ]) {
      assert.equal(chainFrom(chain, serial, current), undefined);
    }
    assert.equal(chainFrom([], 1, 2), undefined);
  });
});
