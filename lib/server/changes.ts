import { withCode } from '../errors.js';
import type { AdaptationBounds, ReloadOptions } from '../options/server.js';
import type { TlsSettings } from '../options/tls.js';
import { Adaptation, type AdaptationOptions } from './adaptation.js';
import { checkReload } from './options/check-options.js';
import { checkReachesAll, mergeTls } from './options/check-tls.js';
import { channels } from './diagnostics.js';
import type { ServerConfig } from './options/config.js';
import type { ServerParts } from './server-parts.js';
import type { AddressChange, ServerSockets } from './server-sockets.js';

/**
 * The changes of a running server: its workers, addresses, numbers of sockets and certificates. One change runs at a
 * time.
 */
export class Changes {
  readonly #parts: ServerParts;
  readonly #running: () => ServerSockets;
  #last: Promise<unknown> = Promise.resolve();

  /** `running`: returns the sockets of the server, or throws `ERR_SERVER_NOT_RUNNING`. */
  constructor(parts: ServerParts, running: () => ServerSockets) {
    this.#parts = parts;
    this.#running = running;
  }

  /** Runs `work` after all earlier changes. Rejects with the error of `work`, or if the server does not run. */
  next(work: (sockets: ServerSockets) => Promise<void>): Promise<void> {
    const result = this.#last.then(async () => {
      const sockets = this.#running();
      try {
        await work(sockets);
      } catch (error) {
        // The server and its sockets were closed in the meantime.
        if ((error as { code?: string }).code === 'ERR_MULTISOCKET_CLOSED') this.#running();
        throw error;
      }
    });
    this.#last = result.catch(() => undefined); // the caller handles it
    return result;
  }

  /** See {@link Server.reload}. */
  reload(changes: ReloadOptions): Promise<void> {
    const parts = this.#parts;
    return this.next(async (sockets) => {
      const before = parts.config;
      const config = checkReload(before, changes);
      const undo = changes.listen === undefined ? [] : await this.#resizeStaying(sockets, config);
      parts.config = config;
      undo.push(() => {
        parts.config = before;
        return Promise.resolve();
      });
      let change: AddressChange | undefined;
      try {
        await parts.supervisor.renew(
          async () => {
            if (changes.listen === undefined) return;
            change = await sockets.change(config);
            for (const slot of change.slots) parts.counters.forgetAddress(slot);
          },
          async () => {
            undo.length = 0; // the fresh workers serve from here on
            change?.apply();
            await parts.assign();
            await change?.finish(() => parts.assign());
          },
          before.closeTimeout,
        );
      } catch (error) {
        change?.discard();
        for (const step of undo) await step();
        throw error;
      }
      // The fresh handlers may give other answers than the old ones.
      parts.cache?.clear();
    });
  }

  /** See {@link Server.secure}. */
  secure(changes: Partial<TlsSettings>): Promise<void> {
    const parts = this.#parts;
    return this.next(async () => {
      const { tls: before, ownTls } = parts.config;
      checkReachesAll(ownTls);
      // gRPC that started without encryption stays unencrypted, on every socket.
      if (before === undefined) throw withCode(new Error('the server has no option tls'), 'ERR_MULTISOCKET_NO_TLS');
      try {
        parts.config = { ...parts.config, tls: mergeTls(before, changes) };
        await parts.secure();
      } catch (error) {
        parts.config = { ...parts.config, tls: before };
        await parts.secure();
        throw error;
      }
    });
  }

  /**
   * Gives every address, or the one at index `address`, `count` sockets of each protocol; see {@link Server.resize}.
   */
  resize(count: number, address?: number): Promise<void> {
    return this.next(async (sockets) => {
      const addresses = address === undefined ? [...sockets.addresses().keys()] : [address];
      for (const each of addresses) await sockets.resize(each, count, () => this.#parts.assign());
    });
  }

  /** See {@link ServerSockets.shrinkToInherited}. */
  shrinkToInherited(): Promise<void> {
    return this.next((sockets) => sockets.shrinkToInherited(() => this.#parts.assign()));
  }

  /**
   * Adapts the number of sockets to the load, for the addresses that adapt. `told` and `failed` receive the outcome of
   * a step.
   */
  adapt(bounds: AdaptationBounds, { told, failed }: Pick<AdaptationOptions, 'told' | 'failed'>): Adaptation {
    const parts = this.#parts;
    return new Adaptation({
      ...bounds,
      sockets: () => {
        const first = parts.config.listen.findIndex(({ adapts }) => adapts);
        return first === -1 ? 0 : (parts.sockets?.count(first) ?? 0);
      },
      busy: () => parts.supervisor.all.map((worker) => worker.busyFor()),
      resize: (count) =>
        this.next(async (sockets) => {
          for (const [i, { adapts }] of parts.config.listen.entries()) {
            if (adapts) await sockets.resize(i, count, () => parts.assign());
          }
        }),
      told: (step) => {
        const { from, to, cpuUsed, cpuAvailable } = step;
        parts.config.logger.info(
          `sockets: ${from} -> ${to}: workers were busy for ${cpuUsed.toFixed(1)} of ${cpuAvailable} CPUs`,
        );
        channels.adapt.publish(step);
        told(step);
      },
      failed,
    });
  }

  /**
   * Resizes the addresses that stay, where their numbers are fixed; returns a function that undoes it. Rejects with a
   * system error; then all have their earlier numbers.
   */
  async #resizeStaying(sockets: ServerSockets, { listen }: ServerConfig): Promise<(() => Promise<void>)[]> {
    const undo: (() => Promise<void>)[] = [];
    const assign = (): Promise<void> => this.#parts.assign();
    try {
      for (const [i, place] of sockets.places(listen).entries()) {
        if (place === undefined || listen[i].adapts) continue;
        const before = sockets.count(place);
        if (before === listen[i].sockets) continue;
        await sockets.resize(place, listen[i].sockets, assign);
        undo.push(() => sockets.resize(place, before, assign));
      }
    } catch (error) {
      for (const step of undo) await step();
      throw error;
    }
    return undo;
  }
}
