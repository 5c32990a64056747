import assert from 'node:assert/strict';
import { readTsig, TsigSecret, type TsigAlgorithm } from '../../dist/dns/tsig.js';
import { TsigSigner } from '../../dist/message/tsig-signer.js';
import { queryBytes } from '../support/clients.js';
import { macOf, sign, tsigOf } from '../support/other-opcodes.js';

const secret = Buffer.from('0123456789abcdef');

describe('a signer of messages (RFC 8945)', () => {
  for (const algorithm of ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] satisfies TsigAlgorithm[]) {
    it(`signs the first message with the MAC of the query, and each later one with the one before: ${algorithm}`, () => {
      const signing = { key: 'a.key', algorithm, secret };
      const query = queryBytes('example.org', 'AXFR');
      const request = readTsig(sign(query, signing), query.length);
      let now = 1_700_000_000;
      const signer = new TsigSigner(new TsigSecret({ name: 'a.key', algorithm, secret }), request, 0, () => now++);
      let previous: Buffer = request.mac;
      for (let number = 0; number < 4; number++) {
        const plain = queryBytes(`n${number}.example.org`);
        const target = Buffer.alloc(1000, 0xee);
        plain.copy(target, 7);
        const length = signer.sign(target, 7, plain.length);
        assert.equal(length, plain.length + signer.size);
        assert.ok(target.subarray(7 + length).every((octet) => octet === 0xee));
        const found = tsigOf(target.subarray(7, 7 + length));
        assert.ok(found);
        assert.equal(found.time, 1_700_000_000 + number);
        const { time, fudge, originalId, unsigned } = found;
        const timersOnly = number > 0;
        const expected = macOf(unsigned, { ...signing, time, fudge, originalId, previous, timersOnly });
        assert.equal(found.mac.toString('hex'), expected.toString('hex'));
        assert.ok(unsigned.equals(plain));
        previous = found.mac;
      }
    });
  }
});
