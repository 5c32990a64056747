/** Builds the C++ tests and fuzz targets of cookies and rate limits and runs them, under sanitizers. */
import type packet from 'dns-packet';
import { cookieOption, framed, opt, queryBytes } from '../support/clients.js';
import { hasClang, NativePrograms } from '../support/native.js';

describe('cookies and rate limits, by their own tests', () => {
  let programs: NativePrograms;

  before(() => {
    programs = new NativePrograms(['guard', 'message_view', 'rate_limiter', 'server_cookies']);
  });

  after(() => {
    programs.remove();
  });

  for (const sanitizers of ['none', 'address,undefined']) {
    it(`makes and checks cookies as RFC 9018 has them (sanitizers: ${sanitizers})`, () => {
      programs.runsChecks('server_cookies_test', sanitizers, 800);
    }).timeout(120_000);

    it(`keeps accounts (sanitizers: ${sanitizers})`, () => {
      programs.runsChecks('rate_limiter_test', sanitizers, 1000);
    }).timeout(120_000);
  }

  for (const sanitizers of ['none', 'thread']) {
    it(`loses no charge between threads, and no cookie (sanitizers: ${sanitizers})`, () => {
      programs.runsChecks('guard_threads_test', sanitizers, 11);
    }).timeout(120_000);
  }

  const cookie = (hex: string): packet.Packet => ({
    additionals: [opt(1232, { options: [cookieOption(hex)] })],
  });
  const whole = '2464c4abcf10c957010000005cf79f111f8130c3eee29480';
  const queries = [{}, { additionals: [opt()] }, ...[whole.slice(0, 16), whole, 'ab'].map(cookie)].flatMap((more) => [
    queryBytes('wWw.example.org', 'A', { id: 1, ...more }),
    queryBytes('.', 'A', { id: 2, questions: [], ...more }),
  ]);

  it('stands any octets as a message with a cookie', function () {
    if (!hasClang) this.skip();
    const head = Buffer.from('119ff75c00000000000000000000ffffc6336464', 'hex'); // RFC 9018 A.1: when and who
    programs.fuzzes(
      'fuzz_server_cookies',
      queries.map((message) => Buffer.concat([head, message])),
      100_000,
    );
  }).timeout(120_000);

  it('stands any octets as messages and replies, and says only what it may', function () {
    if (!hasClang) this.skip();
    const reply = queryBytes('www.example.org', 'A', { type: 'response', flags: 3 });
    const entry = (message: Buffer, how: number): Buffer =>
      Buffer.concat([framed(message).subarray(0, 2), Buffer.from([how, 1]), message]);
    const seeds = ['07010102', '05020201', '0f010102', '04030300'].map((options) =>
      Buffer.concat([
        Buffer.from(options, 'hex'),
        ...queries.map((message) => entry(message, 2)),
        ...[reply, reply].map((message) => entry(message, 0x82)),
      ]),
    );
    programs.fuzzes('fuzz_guard', seeds, 20_000);
  }).timeout(120_000);
});
