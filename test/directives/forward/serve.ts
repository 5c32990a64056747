/** A server that forwards, for tests. */
import { createServer } from 'multisocket';
import { ForwardHandler } from '../../../dist/directives/forward/handler.js';
import type { ForwardOptions, UpstreamOptions } from '../../../dist/directives/forward/options.js';

/** An upstream on 127.0.0.1. */
export function at(port: number, more: Partial<UpstreamOptions> = {}): UpstreamOptions {
  return { transport: 'dns', address: '127.0.0.1', port, servername: undefined, ...more };
}

/** What the directive says when it says nothing but `forward .`. */
export const DEFAULTS: Omit<ForwardOptions, 'to' | 'maxAttempts'> = {
  from: ['.'],
  except: [],
  forceTcp: false,
  preferUdp: false,
  expire: 10_000,
  maxFails: 2,
  maxAge: 0,
  maxIdleConns: 0,
  readTimeout: 2000,
  resolvers: [],
  sourceAddress: undefined,
  policy: 'sequential',
  healthCheck: { interval: 500, recursionDesired: true, domain: '.' },
  maxConcurrent: 0,
  tls: { cert: undefined, key: undefined, ca: undefined },
  next: [],
  nextOnNodata: false,
  failover: [],
  failfast: false,
};

/** A server that serves a `forward`. */
export interface Forwarding extends AsyncDisposable {
  port: number;
  handler: ForwardHandler;
}

/** Serves uses of the directive; what none of them is for is NOTIMP. */
export async function serveForward(
  ...uses: (Partial<ForwardOptions> & Pick<ForwardOptions, 'to'>)[]
): Promise<Forwarding> {
  const handler = new ForwardHandler(uses.map((use) => ({ ...DEFAULTS, maxAttempts: 2 * use.to.length, ...use })));
  const server = createServer({
    listen: '127.0.0.1:0',
    sockets: 1,
    workers: 0,
    handler: (query, reply) =>
      handler.handle(query, reply, (_, rest) => {
        rest.rcode = 'NOTIMP';
      }),
  });
  await server.listen();
  return {
    port: server.addresses()[0].port,
    handler,
    async [Symbol.asyncDispose]() {
      handler.close();
      await server.close();
    },
  };
}
