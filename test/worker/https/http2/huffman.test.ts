import assert from 'node:assert/strict';
import { decodeHuffman } from '../../../../dist/worker/https/http2/huffman.js';

const decode = (hex: string): string | undefined => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const out = Buffer.alloc(2 * bytes.length);
  const length = decodeHuffman(bytes, 0, bytes.length, out);
  return length < 0 ? undefined : out.toString('latin1', 0, length);
};

describe('the Huffman code of HPACK (RFC 7541)', () => {
  const examples = [
    ['f1e3 c2e5 f23a 6ba0 ab90 f4ff', 'www.example.com'],
    ['a8eb 1064 9cbf', 'no-cache'],
    ['25a8 49e9 5ba9 7d7f', 'custom-key'],
    ['25a8 49e9 5bb8 e8b4 bf', 'custom-value'],
    ['6402', '302'],
    ['aec3 771a 4b', 'private'],
    ['d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['', ''],
  ];
  for (const [hex, text] of examples) {
    it(`reads ${text === '' ? 'an empty string' : text} (appendix C)`, () => {
      assert.equal(decode(hex), text);
    });
  }

  it('refuses padding of an octet, and padding that is not all ones (s.5.2)', () => {
    assert.equal(decode('1f'), 'a');
    assert.equal(decode('1fff'), undefined);
    assert.equal(decode('1e'), undefined);
    assert.equal(decode('18'), undefined);
  });

  it('refuses the code for the end of a string (s.5.2)', () => {
    assert.equal(decode('ffff fffc'), undefined);
    assert.equal(decode('1fff ffff ff'), undefined);
  });
});
