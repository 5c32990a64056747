import { withCode } from '../errors.js';
import type { AdaptationBounds, ReloadOptions } from '../options/server.js';
import { tlsChanges, type TlsSettings } from '../options/tls.js';
import { Adaptation, type AdaptationOptions } from './adaptation.js';
import { checkReload } from './options/check-options.js';
import { checkReachesAll, mergeTls } from './options/check-tls.js';
import { channels } from './diagnostics.js';
import type { ServerConfig } from './options/config.js';
import type { ServerParts } from './server-parts.js';
import type { ServerSockets } from './server-sockets.js';

/**
 * The changes of a running server: its workers, addresses, numbers of sockets and certificates. One change runs at a
 * time.
 */
export class Changes {
  readonly #parts: ServerParts;
  readonly #running: () => ServerSockets;
  readonly #warn: (error: Error) => void;
  #last: Promise<unknown> = Promise.resolve();

  /** `running`: returns the sockets of the server, or throws `ERR_SERVER_NOT_RUNNING`. `warn`: see `ServerPartsEvents`. */
  constructor(parts: ServerParts, running: () => ServerSockets, warn: (error: Error) => void) {
    this.#parts = parts;
    this.#running = running;
    this.#warn = warn;
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
      const unresize = changes.listen === undefined ? [] : await this.#resizeStaying(sockets, config);
      const open = sockets.open;
      let next = open;
      try {
        parts.config = config;
        await parts.supervisor.renew(
          async () => {
            if (changes.listen === undefined) return;
            next = await sockets.openNew(config);
            for (const address of next) if (!open.includes(address)) parts.counters.forgetAddress(address.slot);
          },
          async () => {
            sockets.replace(next);
            await parts.assign();
          },
          before.closeTimeout,
        );
      } catch (error) {
        parts.config = before;
        sockets.discard(next);
        sockets.replace(open);
        await parts.assign();
        await this.#closeOld(sockets);
        for (const step of unresize) await step();
        throw error;
      }
      await this.#closeOld(sockets);
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
        parts.config = { ...parts.config, tls: mergeTls(before, tlsChanges.check('tls', changes)) };
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
      for (const each of addresses) await this.#resize(sockets, each, count);
    });
  }

  /** Closes the sockets that have joined inherited ones: later traffic waits in those. Rejects like {@link resize}. */
  shrinkToInherited(): Promise<void> {
    return this.next(async (sockets) => {
      for (const { address, kept } of sockets.grown()) await this.#resize(sockets, address, kept);
    });
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
            if (adapts) await this.#resize(sockets, i, count);
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
    try {
      for (const [i, place] of sockets.places(listen).entries()) {
        if (place === undefined || listen[i].adapts) continue;
        const before = sockets.count(place);
        if (before === listen[i].sockets) continue;
        await this.#resize(sockets, place, listen[i].sockets);
        undo.push(() => this.#resize(sockets, place, before));
      }
    } catch (error) {
      for (const step of undo) await step();
      throw error;
    }
    return undo;
  }

  /**
   * Gives the address at index `address` `count` sockets of each protocol. Rejects with a system error; the address then
   * has its earlier number.
   */
  async #resize(sockets: ServerSockets, address: number, count: number): Promise<void> {
    const groups = sockets.groupsAt(address);
    const before = groups.map((group) => group.in('serving').length);
    try {
      for (const group of groups) group.resize(count);
      await this.#parts.assign();
      for (const group of groups) group.join();
    } catch (error) {
      for (const [i, group] of groups.entries()) group.resize(before[i]);
      await this.#parts.assign();
      await this.#closeLeaving(sockets);
      throw error;
    }
    await this.#closeLeaving(sockets);
  }

  /** Closes the sockets that leave, and ends the workers that are retiring. */
  async #closeOld(sockets: ServerSockets): Promise<void> {
    try {
      await this.#closeLeaving(sockets);
    } finally {
      await this.#parts.supervisor.retireAll();
    }
  }

  /** Lets the workers read the sockets that leave until they are empty, takes them from the workers, and closes them. */
  async #closeLeaving(sockets: ServerSockets): Promise<void> {
    // If no worker can have those sockets, their datagrams are lost; the others are still to be closed.
    if (await sockets.recall()) await this.#parts.assign().catch(this.#warn);
    await sockets.empty();
    await this.#parts.assign();
    sockets.closeGone();
  }
}
