/** Each option of each table: wrong values, bounds, defaults, and that it is used. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { IntegerOption, Option } from '../../dist/options/option.js';
import { reload, server } from '../../dist/options/server.js';
import { checkOptions, checkReload } from '../../dist/server/options/check-options.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { allOptions, allPlaces, type Place, TSIG_KEY } from './tables.js';

const library = fileURLToPath(new URL('../../lib', import.meta.url));
const JUNK: readonly unknown[] = [
  null,
  NaN,
  Infinity,
  -1,
  0.5,
  7,
  '',
  'junk',
  true,
  [],
  [1],
  {},
  { a: 1 },
  () => 1,
  1n,
];
/** Options whose values messages do not show. */
const SECRET = ['cert', 'key', 'ca', 'secrets', 'secret'];
/** Options that take any object or text, or have values that only the system can check. */
const ACCEPTING = ['workerData'];

const isInteger = (option: Option): option is IntegerOption => 'min' in option;

/** Another value than the default, for options that are no number, choice or flag. */
function samples({ cert, key }: Certificate): Record<string, unknown> {
  return {
    listen: ':1',
    auto: { interval: 100 },
    filename: 'other.js',
    workerData: 1,
    env: { A: 'b' },
    execArgv: ['--trace-warnings'],
    resourceLimits: { stackSizeMb: 8 },
    nsid: 'x',
    opcodes: ['QUERY', 'UPDATE'],
    tsig: { keys: [] },
    keys: [TSIG_KEY],
    name: 'another.key',
    secret: Buffer.alloc(20),
    tcp: { idleTimeout: 1 },
    tls: { cert, key },
    https: { paths: ['/'] },
    trustedProxies: ['192.0.2.0/24'],
    paths: ['/a/:b'],
    cache: { maxBytes: 70_000 },
    cookies: true,
    queryLog: { sink: () => 1 },
    sink: () => 2,
    sample: 0.5,
    rateLimit: { allPerSecond: 1 },
    control: '/tmp/x',
    logger: { debug: () => 1, info: () => 1, warn: () => 1, error: () => 1 },
    signal: new AbortController().signal,
    transport: 'https',
    address: '127.0.0.3',
    interface: 'lo',
    ca: cert,
    ciphers: 'TLS_AES_128_GCM_SHA256',
    keylog: '/tmp/keys',
    cors: 'https://example.org',
    prefetch: { hits: 1, percent: 1 },
    secrets: ['00112233445566778899aabbccddeeff'],
    exempt: ['192.0.2.0/24'],
    from: ['192.0.2.0/24'],
    proxyProtocol: { from: ['192.0.2.1'] },
    ipv6Only: true,
    upstreams: ['192.0.2.9', 'https://dns.example/x'],
    healthCheck: { interval: 1 },
    failover: ['SERVFAIL'],
    sourceAddress: '127.0.0.2',
    resolvers: ['192.0.2.1:5353'],
    domain: 'example.org',
    type: 'MX',
    class: 'CH',
  };
}

describe('each option', () => {
  let certificate: Certificate;
  let renewed: Certificate;
  before(async () => {
    [certificate, renewed] = [await makeCertificate(), await makeCertificate()];
  });

  it('refuses a value of another type, and names the option, the value and what is allowed', () => {
    for (const { place, name } of allOptions(certificate)) {
      let refused = 0;
      for (const value of JUNK) {
        const error = errorOf(place, name, value);
        if (error === undefined) continue;
        refused++;
        const path = `${place.prefix}${name}`;
        const about = `${path}: ${inspect(value)}: ${error.message}`;
        assert.match(error.code, /^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/, about);
        assert.match(error.message, new RegExp(`"${path.replaceAll(/[[\].]/g, '\\$&')}[[."]|"listen"`), about);
        assert.match(
          error.message,
          /must|cannot|does not exist: (there are|did you mean)|has neither|unknown transport/,
          about,
        );
        assert.match(error.message, SECRET.includes(name) || value === '' ? /option/ : /Received/, about);
      }
      assert.ok(refused >= 5 || ACCEPTING.includes(name), `${place.title} ${name} takes nearly anything`);
    }
  });

  it('refuses null and NaN, unless its description allows them', () => {
    for (const { place, name, option } of allOptions(certificate)) {
      for (const value of [null, NaN]) {
        if (ACCEPTING.includes(name) || (value === null && option.expected.endsWith('null'))) continue;
        assert.ok(errorOf(place, name, value), `${place.title} ${name} takes ${value}`);
      }
    }
  });

  it('that is a number takes its bounds, and nothing beyond or between', () => {
    for (const { place, name, option } of allOptions(certificate)) {
      if (!isInteger(option)) continue;
      const { min, max } = option;
      const path = `${place.prefix}${name}`;
      for (const value of [min, max]) assert.equal(place.check({ ...place.base, [name]: value })[name], value, path);
      for (const value of [min - 1, max + 1, min + 0.5, NaN, -Infinity]) {
        const error = errorOf(place, name, value);
        assert.equal(error?.code, 'ERR_OUT_OF_RANGE', `${path}: ${value}`);
        const message = `The "${path}" option is out of range. It must be an integer from ${min} to ${max}`;
        assert.ok(error.message.startsWith(message) && error.message.endsWith(`Received ${value}`), error.message);
      }
      for (const value of ['7', 7n, {}, null]) {
        const error = errorOf(place, name, value);
        assert.equal(error?.code, 'ERR_INVALID_ARG_TYPE', `${path}: ${inspect(value)}`);
        assert.ok(error.message.startsWith(`The "${path}" option must be a number`), error.message);
      }
    }
  });

  it('has a default that is allowed, or is required, or says what stands for a default', () => {
    for (const { place, name, option } of allOptions(certificate)) {
      const { default: initial, required, sameAs, otherwise } = option;
      const about = `${place.title} ${name}`;
      if (sameAs !== undefined) assert.ok(sameAs in place.table, about);
      else if (initial === undefined) assert.ok(required === true || otherwise !== undefined, about);
      else assert.deepEqual(option.check('default', initial), initial, about);
    }
  });

  it('reaches the settings, and the code that uses it', () => {
    const sources = readdirSync(library, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('options/'))
      .map((file) => readFileSync(join(library, file), 'utf8'))
      .join('\n');
    for (const { place, name, option } of allOptions(certificate)) {
      const about = `${place.title} ${name}`;
      assert.match(sources, new RegExp(`[.{ ]${name}\\b(?!: (integer|flag|oneOf))`), about);
      // The options in a group are tried where they stand.
      if (name === 'handler' || option.table !== undefined) continue; // it excludes `filename`: see handlers.test.ts
      const usual = place.check(place.base)[name];
      const others = otherValues(place.title, name, option).map(
        (given) => place.check({ ...place.base, ...given })[name],
      );
      assert.ok(!others.every((other) => isDeepStrictEqual(usual, other)), `${about}: ${inspect(usual)}`);
    }
  });

  /** Other values of the option than in `base`. */
  function otherValues(title: string, name: string, option: Option): Record<string, unknown>[] {
    if (name === 'cert' || name === 'key') return [{ cert: renewed.cert, key: renewed.key }];
    if (isInteger(option)) return [{ [name]: option.min }, { [name]: option.max }];
    if (title === 'listen' && name === 'protocol') return [{ protocol: 'udp', transport: 'dns' }];
    if ('choices' in option) return (option.choices as unknown[]).map((choice) => ({ [name]: choice }));
    if (option.expected === 'a boolean') return [{ [name]: true }, { [name]: false }];
    const given = samples(certificate);
    assert.ok(name in given, `there is no sample of ${name}`);
    return [{ [name]: given[name] }];
  }
});

describe('an unknown name', () => {
  let certificate: Certificate;
  before(async () => {
    certificate = await makeCertificate();
  });

  it('is refused in each table, with all names, or with the nearest one', () => {
    for (const { title, prefix: path, table, base, ...place } of allPlaces(certificate)) {
      const prefix = path.replaceAll(/[[\].]/g, '\\$&');
      const names = Object.keys(table);
      for (const slip of names.map((name) => `${name}z`)) {
        if (names.includes(slip)) continue;
        const message = new RegExp(`"${prefix}${slip}" option does not exist: did you mean "${prefix}\\w+"\\?`);
        assert.throws(() => place.check({ ...base, [slip]: 1 }), { code: 'ERR_INVALID_ARG_VALUE', message }, title);
      }
      if (title === 'tls') continue;
      const secret = title === 'tsig.keys'; // it may be a misspelt secret
      const message = new RegExp(
        `"${prefix}qqqqqqqqq" option does not exist: there are ${names.join(', ')}\\. Received ${secret ? "'number'" : 1}`,
      );
      assert.throws(() => place.check({ ...base, qqqqqqqqq: 1 }), { code: 'ERR_INVALID_ARG_VALUE', message }, title);
    }
  });

  it('that has no effect here is refused in tls, and its value is not shown; what comes with a certificate is passed over', () => {
    const place = allPlaces(certificate).find(({ title }) => title === 'tls')!;
    const check = (given: object): unknown => place.check({ ...place.base, ...given });
    for (const name of ['passphrase', 'maxVersion', 'rejectUnauthorized', 'pfx', 'ALPNProtocols']) {
      assert.throws(
        () => check({ [name]: 'hush' }),
        (error: Error) =>
          error.message.startsWith(`The "tls.${name}" option does not exist`) && !error.message.includes('hush'),
      );
    }
    check({ file: certificate.file, fingerprint: 'AB:CD' });
  });
});

describe('tls of an entry of listen', () => {
  it('is refused for dns, which is not encrypted, and no key is shown', async () => {
    const { cert, key } = await makeCertificate();
    for (const tls of [{ cert, key }, null]) {
      for (const transport of [{}, { transport: 'dns' as const }]) {
        const listen = { address: '127.0.0.1', ...transport, tls };
        assert.throws(
          () => checkOptions({ listen, filename: 'handler.js' }),
          (error: Error & { code: string }) => {
            assert.equal(error.code, 'ERR_INVALID_ARG_VALUE');
            assert.match(error.message, /^The "listen\.tls" option is for the transports tls, https and grpc/);
            assert.ok(!error.message.includes('PRIVATE'));
            return true;
          },
        );
      }
      checkOptions({ listen: { address: '127.0.0.1', transport: 'tls', tls }, filename: 'handler.js' });
    }
  });
});

describe('the options of reload()', () => {
  it('are those that their rows name', () => {
    const config = checkOptions({ listen: ':0', filename: 'handler.js' });
    for (const [name, option] of Object.entries<Option>(server)) {
      assert.equal(name in reload, option.reload === true, name);
      if (option.reload === true) continue;
      const message = new RegExp(`"${name}" option does not exist`);
      assert.throws(() => checkReload(config, { [name]: option.default }), { code: 'ERR_INVALID_ARG_VALUE', message });
    }
    const changed = checkReload(config, { filename: 'b.js', workerData: 2, tcp: { idleTimeout: 5 }, listen: ':7' });
    assert.deepEqual(
      [changed.filename, changed.workerData, changed.tcp.idleTimeout, changed.listen[0].port],
      ['b.js', 2, 5, 7],
    );
    assert.deepEqual(
      { ...changed, filename: 0, workerData: 0, tcp: 0, listen: 0 },
      { ...config, filename: 0, workerData: 0, tcp: 0, listen: 0 },
    );
  });

  it('are checked as those of createServer', () => {
    const config = checkOptions({ listen: ':0', filename: 'handler.js' });
    for (const [changes, path] of [
      [{ tcp: { idleTimeout: 0 } }, 'tcp.idleTimeout'],
      [{ tcp: null }, 'tcp'],
      [{ filename: 5 }, 'filename'],
      [{ listen: null }, 'listen'],
      [{ listen: { address: '::', port: -1 } }, 'listen.port'],
      [{ tls: 5 }, 'tls'],
      [null, 'options'],
    ] as const) {
      const message = new RegExp(`^The "${path.replace('.', '\\.')}" option`);
      assert.throws(() => checkReload(config, changes as never), { message });
    }
  });
});

function errorOf(place: Place, name: string, value: unknown): (Error & { code: string }) | undefined {
  try {
    place.check({ ...place.base, [name]: value });
  } catch (error) {
    return error as Error & { code: string };
  }
  return undefined;
}
