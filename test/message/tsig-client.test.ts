import assert from 'node:assert/strict';
import { readTsig, TsigSecret } from '../../dist/dns/tsig.js';
import { TsigClient } from '../../dist/message/tsig-client.js';
import { TsigSigner } from '../../dist/message/tsig-signer.js';
import { header } from '../conformance/wire.js';

const KEY = { name: 'key.example', algorithm: 'hmac-sha256' as const, secret: Buffer.alloc(32, 5) };
const NOW = 1_700_000_000;
const message = (id = 7): Buffer => Buffer.from(header(id, 0x8400, 0, 0, 0, 0), 'hex');

/** A client that has sent its query, and the side that answers it. */
function exchange(serverNow = NOW, serverKey = KEY): { client: TsigClient; sign: (id?: number) => Buffer } {
  const client = new TsigClient(new TsigSecret(KEY), () => NOW);
  const query = client.sign(message());
  const signer = new TsigSigner(new TsigSecret(serverKey), readTsig(query, 12), 0, () => serverNow);
  const sign = (id = 7): Buffer => {
    const target = Buffer.alloc(512);
    message(id).copy(target);
    return target.subarray(0, signer.sign(target, 0, 12));
  };
  return { client, sign };
}

describe('signatures of answers (RFC 8945 s.5.3)', () => {
  it('are valid in each message, and taken off', () => {
    const { client, sign } = exchange();
    for (let i = 0; i < 5; i++) assert.deepEqual(client.open(sign()), message());
    client.finish();
  });

  it('may be missing in up to 99 messages between two that have one, and cover them', () => {
    const client = new TsigClient(new TsigSecret(KEY), () => NOW);
    const query = client.sign(message());
    const secret = new TsigSecret(KEY);
    const signer = new TsigSigner(secret, readTsig(query, 12), 0, () => NOW);
    const first = Buffer.alloc(512);
    message().copy(first);
    const length = signer.sign(first, 0, 12);
    const mac = readTsig(first.subarray(0, length), 12).mac;
    client.open(first.subarray(0, length));
    const unsigned = Array.from({ length: 99 }, () => message());
    for (const each of unsigned) assert.deepEqual(client.open(each), each);
    assert.throws(() => {
      client.finish();
    }, /the last message is not signed/);
    assert.throws(() => client.open(message()), /more than 99 messages are not signed/);
    // The signature of the hundredth covers all of them: without them it is wrong.
    const record = { timeSigned: NOW, fudge: 300, originalId: 7, error: 0, other: Buffer.alloc(0) };
    const right = secret.mac(message(), 0, { previousMac: mac, record, timersOnly: true, before: unsigned });
    const wrong = secret.mac(message(), 0, { previousMac: mac, record, timersOnly: true });
    const withMac = (bytes: Buffer): Buffer => {
      const target = Buffer.alloc(512);
      message().copy(target);
      const end = signer.sign(target, 0, 12);
      bytes.copy(target, end - bytes.length - 6);
      return target.subarray(0, end);
    };
    assert.throws(() => client.open(withMac(wrong)), /the signature is wrong/);
    assert.deepEqual(client.open(withMac(right)), message());
    client.finish();
  });

  it('are refused with another key, time or order, and if they are missing or changed', () => {
    const { client, sign } = exchange();
    assert.throws(() => client.open(message()), /the answer is not signed/);
    const signed = sign();
    const changed = Buffer.from(signed);
    changed[3] ^= 0x20;
    assert.throws(() => client.open(changed), /the signature is wrong/);
    const second = sign();
    assert.throws(() => client.open(second), /the signature is wrong/);
    client.open(signed);
    assert.throws(() => client.open(signed), /the signature is wrong/);
    client.open(second);
    const other = exchange(NOW, { ...KEY, name: 'other.example' });
    assert.throws(() => other.client.open(other.sign()), /another key/);
    const secret = exchange(NOW, { ...KEY, secret: Buffer.alloc(32, 6) });
    assert.throws(() => secret.client.open(secret.sign()), /the signature is wrong/);
    const late = exchange(NOW + 301);
    assert.throws(() => late.client.open(late.sign()), /the clocks differ by 301 seconds/);
  });
});
