/** The module dns2 with servers of this library. */
import type { ServerOptions } from '../options/server.js';
import type { Dns2 } from './dns2-handler.js';
import { DnsServer, DohServer, TcpServer, UdpServer, type Dns2ServerOptions, type DohOptions } from './dns2-servers.js';
import type { Context } from './dns2-transport.js';

/** dns2's servers, and the functions that make them. */
export interface Dns2Servers {
  UDPServer: new (options?: unknown) => UdpServer;
  TCPServer: new (options?: unknown) => TcpServer;
  DOHServer: new (options?: DohOptions) => DohServer;
  createServer(this: void, options?: Dns2ServerOptions): DnsServer;
  createUDPServer(this: void, options?: unknown): UdpServer;
  createTCPServer(this: void, options?: unknown): TcpServer;
  createDOHServer(this: void, options?: DohOptions): DohServer;
}

/** dns2 by its own types, where it has them: its servers here have the interface of those types. */
export type WithMultisocket<Module extends Dns2> = Module extends { createServer: unknown }
  ? Module
  : Module & Dns2Servers;

/**
 * Returns dns2 with its servers replaced by this library's: `const dns2 = withMultisocket(require('dns2'))` is the only
 * line of a program that changes. Its handlers are closures, so the calling thread serves. `docs/migrate/dns2.md` lists
 * the differences. `options` go to `createServer` of this library, for each transport of a server.
 */
export function withMultisocket<Module extends Dns2>(
  dns2: Module,
  options: Partial<ServerOptions> = {},
): WithMultisocket<Module> {
  const context: Context = { dns2, options };
  const servers: Dns2Servers = {
    UDPServer: class extends UdpServer {
      constructor(given?: unknown) {
        super(context, given);
      }
    },
    TCPServer: class extends TcpServer {
      constructor(given?: unknown) {
        super(context, given);
      }
    },
    DOHServer: class extends DohServer {
      constructor(given?: DohOptions) {
        super(context, given);
      }
    },
    createServer: (given) => new DnsServer(context, given),
    createUDPServer: (given) => new UdpServer(context, given),
    createTCPServer: (given) => new TcpServer(context, given),
    createDOHServer: (given) => new DohServer(context, given),
  };
  return Object.assign(derived(dns2), servers) as unknown as WithMultisocket<Module>;
}

/**
 * An object that inherits everything from a module: from dns2, a class of clients, another class of the same clients.
 */
function derived(module: Dns2): object {
  if (typeof module !== 'function') return Object.create(module) as object;
  return class extends (module as unknown as new (...args: unknown[]) => object) {};
}
