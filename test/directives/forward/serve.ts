/** A server that forwards, for tests. */
import { createServer } from 'multisocket';
import { ForwardHandler } from '../../../dist/directives/forward/handler.js';
import { DEFAULTS } from '../../../dist/directives/forward/setup.js';
import type { ForwardOptions } from '../../../dist/directives/forward/options.js';
import type { UpstreamOptions } from '../../../dist/options/upstream.js';

/** An upstream on 127.0.0.1. */
export function at(port: number, more: Partial<UpstreamOptions> = {}): UpstreamOptions {
  return { transport: 'dns', address: '127.0.0.1', port, servername: undefined, path: '', ...more };
}

/** A server that serves a `forward`. */
export interface Forwarding extends AsyncDisposable {
  port: number;
  handler: ForwardHandler;
}

/** Serves uses of the directive; what none of them is for is NOTIMP. */
export async function serveForward(
  ...uses: (Partial<ForwardOptions> & Pick<ForwardOptions, 'upstreams'>)[]
): Promise<Forwarding> {
  const handler = new ForwardHandler(uses.map((use) => ({ ...DEFAULTS, policy: 'sequential', ...use })));
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
