/** Clients that lack the certificate which a policy asks for, while the server changes. */
import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { queryOf } from '../../conformance/wire.js';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { framed } from '../../support/clients.js';
import { holds, type Attack } from '../attack.js';
import { closed, exchange } from '../exchange.js';
import type { Random } from '../random.js';
import type { Listener, Target } from '../target.js';

/** Each value of `requestCert`, and which clients it admits. */
const POLICIES = {
  none: { requestCert: false, admits: ['none', 'trusted', 'untrusted'] },
  given: { requestCert: 'if-given', admits: ['none', 'trusted'] },
  any: { requestCert: 'any', admits: ['trusted', 'untrusted'] },
  required: { requestCert: true, admits: ['trusted'] },
} as const;
const CHANGES = ['none', 'certificate', 'resize', 'reload', 'terminate'] as const;

let clients: Promise<Record<'trusted' | 'untrusted', Certificate>> | undefined;

async function table(target: Target, random: Random): Promise<void> {
  const known = await (clients ??= (async () => ({
    trusted: await makeCertificate('trusted'),
    untrusted: await makeCertificate('untrusted'),
  }))());
  const own = target.plan.certificate;
  holds(own !== undefined, 'no certificate');
  const { cert, key } = own;
  const policy = random.pick(Object.keys(POLICIES) as (keyof typeof POLICIES)[]);
  const { requestCert, admits } = POLICIES[policy];
  const done: string[] = [policy];
  await target.order({ kind: 'secure', tls: { cert, key, ca: known.trusted.cert, requestCert } });
  for (let i = 1 + random.below(3); i > 0; i--) {
    const change = random.pick(CHANGES);
    done.push(change);
    if (change === 'certificate') await target.order({ kind: 'secure', tls: { cert, key } });
    else if (change === 'resize') await target.order({ kind: 'resize', sockets: 1 + random.below(4) });
    else if (change !== 'none') await target.order({ kind: change });
  }
  for (const listener of target.listeners('tls', 'https', 'grpc')) {
    for (const client of ['none', 'trusted', 'untrusted'] as const) {
      const options: ConnectionOptions = client === 'none' ? {} : { cert: known[client].cert, key: known[client].key };
      // Several, since each worker has its own.
      for (let i = 0; i < 3; i++) {
        const reply = await exchange(listener, queryOf(), options);
        const right = (admits as readonly string[]).includes(client);
        const what = `${listener.protocol}, ${done.join(' + ')}, certificate ${client}`;
        holds((reply !== undefined) === right, `${what}: ${right ? 'refused' : 'admitted'}`);
      }
    }
  }
}

/** A ticket of a lenient policy, after a stricter one. */
async function tickets(target: Target, random: Random): Promise<void> {
  const { trusted } = await (clients ??= (async () => ({
    trusted: await makeCertificate('trusted'),
    untrusted: await makeCertificate('untrusted'),
  }))());
  const own = target.plan.certificate;
  holds(own !== undefined, 'no certificate');
  const { cert, key } = own;
  const listener = random.pick(target.listeners('tls'));
  const maxVersion = random.pick(['TLSv1.2', 'TLSv1.3'] as const);
  await target.order({ kind: 'secure', tls: { cert, key, ca: trusted.cert, requestCert: false } });
  const sessions: Buffer[] = [];
  for (let i = 0; i < 4; i++) {
    const socket = await dial(listener, { maxVersion });
    socket?.on('session', (session) => sessions.push(session));
    socket?.write(framed(queryOf()));
    if (socket !== undefined) await Promise.race([once(socket, 'data').catch(() => undefined), closed(socket)]);
    socket?.destroy();
  }
  await target.order({ kind: 'secure', tls: { cert, key, ca: trusted.cert, requestCert: true } });
  for (const session of sessions.slice(0, 8)) {
    const socket = await dial(listener, { maxVersion, session });
    const answered = socket === undefined ? false : await isAnswered(socket);
    socket?.destroy();
    holds(!answered, `${maxVersion}: a ticket from before the stricter policy is accepted without a certificate`);
  }
}

async function dial({ port }: Listener, options: ConnectionOptions): Promise<TLSSocket | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['dot'], ...options });
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'secureConnect').catch(() => undefined), closed(socket)]);
  return socket.destroyed ? undefined : socket;
}

async function isAnswered(socket: TLSSocket): Promise<boolean> {
  const outcome = Promise.race([
    once(socket, 'data').then(
      () => true,
      () => false,
    ),
    closed(socket).then(() => false),
    new Promise<boolean>((resolve) => setTimeout(resolve, 2000, false)),
  ]);
  socket.write(framed(queryOf()));
  return outcome;
}

/** A client of TLS 1.2 that asks for new handshakes on its connection. */
async function renegotiate(target: Target, random: Random): Promise<void> {
  const listener = random.pick(target.listeners('tls', 'https', 'grpc'));
  const alpn = { tls: ['dot'], https: [random.pick(['h2', 'http/1.1'])], grpc: ['h2'] }[listener.protocol as 'tls'];
  const socket = await dial(listener, { maxVersion: 'TLSv1.2', ALPNProtocols: alpn });
  if (socket === undefined) return; // it speaks no TLS 1.2
  let done = 0;
  for (let i = 0; i < 5 && !socket.destroyed; i++) {
    const again = await new Promise<boolean>((resolve) => {
      const late = setTimeout(resolve, 1000, false);
      socket.once('close', () => {
        resolve(false);
      });
      socket.renegotiate({ rejectUnauthorized: false }, (error) => {
        clearTimeout(late);
        resolve(error === null);
      });
    });
    if (!again) break;
    done++;
  }
  socket.destroy();
  holds(done === 0, `${listener.protocol}: ${done} handshakes more on one connection`);
}

/** Runs an attack, and then leaves the server as it was: other attacks have no certificate. */
async function restoring(target: Target, attack: () => Promise<void>): Promise<void> {
  try {
    await attack();
  } finally {
    const { cert, key } = target.plan.certificate ?? {};
    await target.order({ kind: 'secure', tls: { cert, key, requestCert: false } });
    await target.order({ kind: 'resize', sockets: 2 });
  }
}

export const certificates: Attack = {
  name: 'certificates',
  seconds: 12,
  suits: (target) => target.has('certificates'),
  run: (target, random) => restoring(target, () => table(target, random)),
};

export const oldTickets: Attack = {
  name: 'tickets',
  seconds: 8,
  suits: (target) => target.has('certificates'),
  run: (target, random) => restoring(target, () => tickets(target, random)),
};

export const renegotiation: Attack = {
  name: 'renegotiation',
  seconds: 4,
  suits: (target) => target.listeners('tls', 'https', 'grpc').length > 0,
  run: renegotiate,
};
