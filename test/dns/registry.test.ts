import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { className, classNumber, rcodeName, rcodeNumber, typeName, typeNumber } from '../../dist/dns/registry.js';

describe('the names of DNS parameters', () => {
  it('have the numbers that dns-packet gives them', () => {
    for (let number = 1; number < 300; number++) {
      const [question] = packet.decode(
        Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, number >> 8, number & 255, 0, 1]),
      ).questions!;
      if (question.type.startsWith('UNKNOWN_')) continue;
      assert.equal(typeName(number), question.type);
      assert.equal(typeNumber(question.type), number);
    }
  });

  it('lead back to the number, for each of them', () => {
    for (let number = 0; number <= 0xffff; number++) {
      assert.equal(typeNumber(typeName(number)), number);
      assert.equal(classNumber(className(number)), number);
    }
    for (let number = 0; number <= 0xfff; number++) {
      const name = rcodeName(number);
      if (name !== undefined) assert.equal(rcodeNumber(name), number);
    }
  });

  it('are generic where there is none (RFC 3597 s.5)', () => {
    assert.equal(typeName(65280), 'TYPE65280');
    assert.equal(className(32), 'CLASS32');
    assert.equal(typeNumber('TYPE1'), 1);
    assert.equal(typeNumber('UNKNOWN_65'), 65);
    assert.equal(classNumber('CLASS32'), 32);
    assert.equal(classNumber('UNKNOWN_32'), 32);
  });

  for (const name of [
    '',
    'a',
    'TYPE',
    'TYPE65536',
    'TYPE-1',
    'TYPE1.5',
    'XTYPE1',
    'TYPE1X',
    'constructor',
    '__proto__',
  ]) {
    it(`do not include "${name}"`, () => {
      assert.equal(typeNumber(name), undefined);
      assert.equal(classNumber(name.replace('TYPE', 'CLASS')), undefined);
      assert.equal(rcodeNumber(name), undefined);
    });
  }

  it('do not include what every object inherits', () => {
    assert.equal(rcodeNumber('toString'), undefined);
    assert.equal(rcodeNumber('hasOwnProperty'), undefined);
  });

  it('know the response codes that need EDNS, and no others', () => {
    assert.equal(rcodeName(16), 'BADVERS');
    assert.equal(rcodeNumber('BADCOOKIE'), 23);
    assert.equal(rcodeName(12), undefined);
    assert.equal(rcodeName(24), undefined);
  });
});
