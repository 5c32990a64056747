/** TSIG (RFC 8945): the check of queries, and the signatures of replies. */
import assert from 'node:assert/strict';
import { createServer, type Handler, type QueryTsig, type Server, type ServerOptions } from 'multisocket';
import { cookieOption, dig, opt, queryBytes, run, TcpClient, udpExchange } from '../support/clients.js';
import {
  macOf,
  message,
  sign,
  tsigOf,
  withRecord,
  type SignedMessage,
  type Signing,
} from '../support/other-opcodes.js';
import { serve } from '../support/server.js';

const SECRET = Buffer.from('0123456789abcdef0123456789abcdef');
const KEYS = [
  { name: 'Key.example', secret: SECRET.toString('base64') },
  { name: 'sha1', algorithm: 'hmac-sha1', secret: SECRET },
  { name: 'sha384', algorithm: 'hmac-sha384', secret: SECRET },
  { name: 'sha512', algorithm: 'hmac-sha512', secret: SECRET },
] as const;
const KEY: Signing = { key: 'key.example', secret: SECRET };
const [NOERROR, FORMERR, REFUSED, NOTAUTH] = [0, 1, 5, 9];
const [BADSIG, BADKEY, BADTIME, BADTRUNC] = [16, 17, 18, 22];
const now = (): number => Math.floor(Date.now() / 1000);

describe('tsig', () => {
  let server: Server | undefined;
  let seen: (QueryTsig | undefined)[] = [];
  const answer: Handler = async (query, reply) => {
    seen.push(query.tsig);
    if (query.key.startsWith('late.')) await new Promise((resolve) => setTimeout(resolve, 5));
    if (query.key.startsWith('throw.')) throw new Error('as asked');
    const count = Number(/^n(\d+)\./.exec(query.key)?.[1] ?? 1);
    for (let i = 0; i < count; i++) reply.answer({ type: 'A', name: query.name, ttl: 60, data: `192.0.2.${i}` });
  };

  async function start(options: Partial<ServerOptions> = {}): Promise<number> {
    const started = await serve({ workers: 0, sockets: 1, handler: answer, tsig: { keys: KEYS }, ...options });
    server = started.server;
    seen = [];
    return started.port;
  }

  async function exchange(port: number, octets: Buffer): Promise<Buffer> {
    const answered = await udpExchange(octets, port);
    assert.ok(answered, 'no reply');
    return answered.reply;
  }

  /** The TSIG of a reply, whose MAC is right. */
  function verified(reply: Buffer, signed: Buffer, signing: Signing): SignedMessage {
    const found = tsigOf(reply);
    assert.ok(found, 'the reply is not signed');
    const { time, fudge, originalId, error, other, unsigned } = found;
    assert.equal(found.key, signing.key.toLowerCase());
    assert.equal(originalId, reply.readUInt16BE(0));
    const previous = tsigOf(signed)?.mac;
    assert.ok(previous);
    const expected = macOf(unsigned, { ...signing, time, fudge, originalId, error, other, previous });
    assert.equal(found.mac.toString('hex'), expected.toString('hex'));
    return found;
  }

  afterEach(() => server?.close());

  it('names the key to the handler and signs the reply, with each algorithm, over UDP and TCP', async () => {
    const port = await start();
    for (const [key, algorithm] of [
      ['KEY.example', 'hmac-sha256'],
      ['sha1', 'hmac-sha1'],
      ['sha384', 'hmac-sha384'],
      ['sha512', 'hmac-sha512'],
    ]) {
      for (const name of ['a.example', 'late.example']) {
        const signing = { key, algorithm, secret: SECRET, time: now() - 7 };
        const signed = sign(queryBytes(name), signing);
        const client = await TcpClient.connect(port);
        for (const reply of [await exchange(port, signed), await client.exchange(signed)]) {
          assert.ok(reply);
          const { error, time } = verified(reply, signed, { key, algorithm, secret: SECRET });
          assert.ok(error === 0 && Math.abs(time - now()) <= 2);
          assert.deepEqual(seen.pop(), { key: key.toLowerCase(), algorithm, timeSigned: signing.time });
          assert.equal(reply.readUInt16BE(6), 1);
        }
        client.close();
      }
    }
  });

  it('leaves queries without a signature as they are', async () => {
    const port = await start();
    const reply = await exchange(port, queryBytes('a.example'));
    assert.deepEqual([tsigOf(reply), seen], [undefined, [undefined]]);
  });

  it('a signed query needs no cookie: a BADCOOKIE would not be signed (RFC 8945 s.5.3)', async () => {
    const cookies = { require: true };
    const port = await start({ cookies });
    for (const cookie of ['0123456789abcdef', `0123456789abcdef0100000000000000${'0'.repeat(16)}`]) {
      const query = queryBytes('a.example', 'A', { additionals: [opt(1232, { options: [cookieOption(cookie)] })] });
      const signed = sign(query, KEY);
      const reply = await exchange(port, signed);
      verified(reply, signed, KEY);
      assert.deepEqual([reply[3] & 15, reply.readUInt16BE(6)], [NOERROR, 1]);
      // Without a signature, and at a server that checks none, the cookie is needed. A forged one is refused itself.
      const isBadCookie = (octets: Buffer): boolean => (octets[3] & 15) === 7 && tsigOf(octets) === undefined;
      assert.ok(isBadCookie(await exchange(port, query)));
      const forged = await exchange(port, sign(query, { ...KEY, secret: Buffer.alloc(32) }));
      assert.deepEqual([forged[3] & 15, tsigOf(forged)?.error], [NOTAUTH, BADSIG]);
      const other = await serve({ workers: 0, sockets: 1, handler: answer, cookies });
      assert.ok(isBadCookie(await exchange(other.port, signed)));
      await other.server.close();
    }
  });

  it('refuses queries without a signature if one is required', async () => {
    const port = await start({ tsig: { keys: KEYS, required: true }, cache: { maxBytes: 1 << 20 } });
    for (let i = 0; i < 2; i++) {
      const reply = await exchange(port, queryBytes('a.example', 'A', { additionals: [opt()] }));
      assert.deepEqual([reply[3] & 15, tsigOf(reply), seen], [REFUSED, undefined, []]);
    }
    const signed = sign(queryBytes('a.example'), KEY);
    verified(await exchange(port, signed), signed, KEY);
    assert.equal((await exchange(port, queryBytes('a.example')))[3] & 15, REFUSED);
  });

  /** Each with what the reply says: RCODE, the error of its TSIG, and whether it is signed. */
  const wrong: Record<string, [(plain: Buffer) => Buffer, number, number | undefined, boolean?]> = {
    'an unknown key': [(plain) => sign(plain, { ...KEY, key: 'other.example' }), NOTAUTH, BADKEY],
    'another algorithm than that of the key': [
      (plain) => sign(plain, { ...KEY, algorithm: 'hmac-sha512' }),
      NOTAUTH,
      BADKEY,
    ],
    'an unknown algorithm': [(plain) => sign(plain, { ...KEY, algorithm: 'hmac-md5' }), NOTAUTH, BADKEY],
    'another secret': [(plain) => sign(plain, { ...KEY, secret: Buffer.alloc(32) }), NOTAUTH, BADSIG],
    'a changed octet': [
      (plain) => {
        const signed = sign(plain, KEY);
        signed[13] ^= 1;
        return signed;
      },
      NOTAUTH,
      BADSIG,
    ],
    'a time that has passed': [(plain) => sign(plain, { ...KEY, time: now() - 301 - 2 }), NOTAUTH, BADTIME, true],
    'a time to come': [(plain) => sign(plain, { ...KEY, time: now() + 301 + 2 }), NOTAUTH, BADTIME, true],
    'a time beyond a small fudge': [
      (plain) => sign(plain, { ...KEY, time: now() - 9, fudge: 4 }),
      NOTAUTH,
      BADTIME,
      true,
    ],
    'a time of 48 bits': [(plain) => sign(plain, { ...KEY, time: 2 ** 48 - 1 }), NOTAUTH, BADTIME, true],
    'half a MAC': [(plain) => sign(plain, { ...KEY, macSize: 16 }), NOTAUTH, BADTRUNC, true],
    'less than half a MAC (RFC 8945 s.5.2.2.1)': [(plain) => sign(plain, { ...KEY, macSize: 15 }), FORMERR, BADSIG],
    'less than 10 octets of a MAC': [
      (plain) => sign(plain, { key: 'sha1', algorithm: 'hmac-sha1', secret: SECRET, macSize: 9 }),
      FORMERR,
      BADSIG,
    ],
    'more than a MAC': [(plain) => sign(plain, { ...KEY, macSize: 33 }), FORMERR, BADSIG],
    'no MAC': [(plain) => sign(plain, { ...KEY, macSize: 0 }), FORMERR, BADSIG],
    'a record behind the signature (s.5.1)': [
      (plain) => withRecord(sign(plain, KEY), { name: '.', type: 'OPT', class: 1232 }),
      FORMERR,
      undefined,
    ],
    'two signatures': [(plain) => sign(sign(plain, KEY), KEY), FORMERR, undefined],
    'a signature of class IN (s.4.2)': [
      (plain) => {
        const signed = sign(plain, KEY);
        signed.writeUInt16BE(1, plain.length + 'key.example'.length + 2 + 2);
        return signed;
      },
      FORMERR,
      undefined,
    ],
    'a signature with a TTL': [
      (plain) => {
        const signed = sign(plain, KEY);
        signed[plain.length + 'key.example'.length + 2 + 7] = 1;
        return signed;
      },
      FORMERR,
      undefined,
    ],
    'a signature that is cut short': [
      (plain) => withRecord(plain, { name: 'key.example', type: 'TSIG', class: 'ANY', data: '00'.repeat(9) }),
      FORMERR,
      undefined,
    ],
    'a signature in the answer section': [
      (plain) => {
        const signed = sign(plain, KEY);
        signed.writeUInt16BE(1, 6);
        signed.writeUInt16BE(0, 10);
        return signed;
      },
      FORMERR,
      undefined,
    ],
  };
  for (const [what, [make, rcode, error, isSigned]] of Object.entries(wrong)) {
    it(`keeps a query with ${what} from the handler`, async () => {
      const port = await start({ opcodes: ['QUERY', 'UPDATE', 'NOTIFY'] });
      for (const plain of [queryBytes('a.example'), message(), message({ opcode: 'NOTIFY' })]) {
        const signed = make(plain);
        const reply = await exchange(port, signed);
        const found = tsigOf(reply);
        assert.deepEqual([reply[3] & 15, found?.error, seen], [rcode, error, []]);
        if (found === undefined) continue;
        const sent = tsigOf(signed);
        assert.deepEqual([found.key, found.algorithm], [sent?.key, sent?.algorithm]);
        if (isSigned !== true) assert.equal(found.mac.length, 0);
        else verified(reply, signed, { ...KEY, algorithm: sent?.algorithm ?? '' });
        if (error !== BADTIME) continue;
        // RFC 8945 s.5.2.3: the client's time, and the server's as other data.
        assert.equal(found.time, sent?.time);
        assert.ok(Math.abs(parseInt(found.other, 16) - now()) <= 2);
      }
    });
  }

  it('takes a time within the fudge, and the ID before a forwarder changed it', async () => {
    const port = await start();
    for (const time of [now() - 290, now() + 290]) {
      const signed = sign(queryBytes('a.example'), { ...KEY, time });
      assert.equal(verified(await exchange(port, signed), signed, KEY).error, 0);
    }
    const plain = queryBytes('a.example');
    plain.writeUInt16BE(1, 0);
    const signed = sign(plain, { ...KEY, originalId: 0x7777 });
    assert.equal(verified(await exchange(port, signed), signed, KEY).error, 0);
  });

  it('is not looked at without the option', async () => {
    const { server: without, port } = await serve({ workers: 0, sockets: 1, handler: answer });
    server = without;
    const reply = await exchange(port, sign(queryBytes('a.example'), { ...KEY, secret: Buffer.alloc(32) }));
    assert.deepEqual([reply[3] & 15, reply.readUInt16BE(6), tsigOf(reply)], [NOERROR, 1, undefined]);
  });

  it('keeps signed queries from the cache, and their replies out of it', async () => {
    const port = await start({ cache: { maxBytes: 1 << 20 } });
    for (let i = 0; i < 2; i++) {
      const signed = sign(queryBytes('a.example'), KEY);
      verified(await exchange(port, signed), signed, KEY);
    }
    assert.equal(seen.length, 2);
    for (let i = 0; i < 2; i++) assert.equal(tsigOf(await exchange(port, queryBytes('a.example'))), undefined);
    assert.equal(seen.length, 3);
    const signed = sign(queryBytes('a.example'), KEY);
    verified(await exchange(port, signed), signed, KEY);
    assert.equal(seen.length, 4);
  });

  it('signs what the server answers in place of a handler', async () => {
    const port = await start({ handlerTimeout: 50 });
    const signed = sign(queryBytes('throw.example'), KEY);
    const reply = await exchange(port, signed);
    assert.equal(reply[3] & 15, 2);
    verified(reply, signed, KEY);
  });

  it('has room in each reply, which is truncated before it', async () => {
    const port = await start({ cookies: true });
    for (const [size, options] of [
      [512, []],
      [600, [cookieOption('0123456789abcdef')]],
      [1232, [cookieOption('0123456789abcdef')]],
      [undefined, []],
    ] as const) {
      for (let count = 15; count < 90; count++) {
        const additionals = size === undefined ? [] : [opt(size, { options: [...options] })];
        const signed = sign(queryBytes(`n${count}.example`, 'A', { additionals }), KEY);
        const reply = await exchange(port, signed);
        const { unsigned } = verified(reply, signed, KEY);
        assert.ok(reply.length <= (size ?? 512), `${count} records: ${reply.length} octets`);
        const isTruncated = (unsigned[2] & 2) !== 0;
        assert.equal(unsigned.readUInt16BE(6), isTruncated ? 0 : count);
        if (isTruncated) assert.ok(reply.length + 16 * count > (size ?? 512) - 40);
      }
    }
  });

  it('leaves out the error of a signature that leaves no room for the question', async () => {
    const port = await start();
    const label = 'a'.repeat(60);
    const long = `${label}.${label}.${label}.${label}`;
    const signed = sign(queryBytes(long), { ...KEY, key: long, algorithm: `hmac-sha256` });
    const reply = await exchange(port, signed);
    assert.deepEqual([reply[3] & 15, tsigOf(reply)], [NOTAUTH, undefined]);
    assert.ok(reply.length <= 512);
  });

  it('is checked as an option, and no error shows a secret', () => {
    const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0';
    for (const [tsig, message] of [
      [{}, /"tsig.keys" option must be an array of objects/],
      [{ keys: {} }, /"tsig.keys" option must be an array of objects/],
      [{ keys: ['x'] }, /"tsig.keys\[0\]" option must be an object/],
      [{ keys: [{ secret }] }, /"tsig.keys\[0\].name" option must be a string/],
      [{ keys: [{ name: 'a..b', secret }] }, /"tsig.keys\[0\].name" option must be a domain name of at most 93 octets/],
      [{ keys: [{ name: '.', secret }] }, /"tsig.keys\[0\].name" option must be a domain name/],
      [{ keys: [{ name: 'a', secret: 'c2hvcnQ=' }] }, /"tsig.keys\[0\].secret" option must have 16 to 1024 octets/],
      [{ keys: [{ name: 'a', secret: `${secret}!` }] }, /"tsig.keys\[0\].secret" option must be in Base64/],
      [{ keys: [{ name: 'a', secret: 5 }] }, /"tsig.keys\[0\].secret" option must be a string in Base64 or a Buffer/],
      [
        { keys: [{ name: 'a', secret, algorithm: 'hmac-md5' }] },
        /"tsig.keys\[0\].algorithm" option must be 'hmac-sha1'/,
      ],
      [{ keys: [{ name: 'a', secert: secret }] }, /did you mean "tsig.keys\[0\].secret"/],
      [
        {
          keys: [
            { name: 'a', secret },
            { name: 'A.', secret },
          ],
        },
        /"tsig.keys\[1\].name" option is the name of an earlier key/,
      ],
    ] as const) {
      assert.throws(
        () => createServer({ listen: ':0', workers: 0, handler: answer, tsig } as never),
        (error: Error & { code: string }) => {
          assert.match(error.message, message);
          assert.match(error.code, /^ERR_INVALID_ARG_/);
          assert.ok(!error.message.includes(secret), error.message);
          return true;
        },
      );
    }
  });

  it('changes its keys at a reload, in worker threads, too', async () => {
    const { server: reloaded, port } = await serve({ tsig: { keys: [] } });
    server = reloaded;
    const signed = sign(queryBytes('a.example'), KEY);
    assert.equal(tsigOf(await exchange(port, signed))?.error, BADKEY);
    await reloaded.reload({ tsig: { keys: KEYS } });
    verified(await exchange(port, signed), signed, KEY);
  });

  it('is what dig, kdig and nsupdate understand', async () => {
    const port = await start({ opcodes: ['QUERY', 'UPDATE'] });
    const key = `hmac-sha256:key.example:${SECRET.toString('base64')}`;
    const at = ['@127.0.0.1', '-p', String(port), '+norecurse'];
    for (const more of [[], ['+tcp'], ['+nocookie', '+bufsize=512'], ['+noedns']]) {
      const answered = await dig(...at, ...more, '-y', key, 'a.example');
      assert.match(answered, /status: NOERROR/);
      assert.match(answered, /key\.example\.\s+0\s+ANY\s+TSIG\s+hmac-sha256\. .* NOERROR 0/);
      assert.doesNotMatch(answered, /verify|WARNING/i);
    }
    await assert.rejects(
      dig(...at, '-y', `hmac-sha256:key.example:${Buffer.alloc(32).toString('base64')}`, 'a.example'),
      /NOTAUTH[^]*BADSIG/,
    );
    await assert.rejects(dig(...at, '-y', key.replace('key.', 'no.'), 'a.example'), /NOTAUTH[^]*BADKEY/);
    const kdig = await run('kdig', [...at, '-y', key, 'a.example']);
    assert.match(kdig, /status: NOERROR[^]*192\.0\.2\.0/);
    assert.doesNotMatch(kdig, /WARNING|ERROR: /);
    const script = `server 127.0.0.1 ${port}\nzone example\nupdate add b.example 1 A 192.0.2.1\nsend\n`;
    await run('sh', ['-c', `printf '%s' "$1" | nsupdate -y "$2"`, 'sh', script, key]);
    assert.equal(seen.at(-1)?.key, 'key.example');
    const bad = key.replace(/[^:]+$/, Buffer.alloc(32).toString('base64'));
    await assert.rejects(
      run('sh', ['-c', `printf '%s' "$1" | nsupdate -y "$2"`, 'sh', script, bad]),
      /NOTAUTH\(BADSIG\)/,
    );
  });
});
