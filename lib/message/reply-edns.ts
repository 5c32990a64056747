import { extendedError, type Edns, type EdnsOption } from '../dns/edns.js';
import { OPTION } from '../dns/numbers.js';
import { ReplyCaching } from './reply-caching.js';
import { checkedOption, checkedScope, clientOptions, withOptions } from './reply-options.js';

/** The EDNS options of a reply that its handler chooses. */
export class ReplyEdns extends ReplyCaching {
  #options: readonly EdnsOption[] | undefined;
  /** @internal The name server identifier, 1 to 255 bytes, that a client gets if it asks (RFC 5001); undefined: the server's. */
  nsid: Uint8Array | undefined;

  /**
   * Adds an Extended DNS Error (RFC 8914); `code` 0 to 65,535, `text` for humans. A client that did not use EDNS does
   * not see it. Does not make a reply by itself. Throws `RangeError` for an invalid code.
   */
  ede(code: number, text = ''): this {
    return this.addOptions([extendedError(code, text)]);
  }

  /**
   * Adds an EDNS option: `code` 0 to 65,535, `data` its octets. It replaces one with the same code, except an Extended
   * DNS Error. A client that did not use EDNS does not see it. NSID (3), 1 to 255 octets, replaces the server's, for
   * clients that ask for it. Does not make a reply by itself. Throws `RangeError` `ERR_OUT_OF_RANGE` for another code, and
   * for COOKIE, keepalive and padding (10, 11, 12), which the server writes; `TypeError` for other data.
   */
  option(code: number, data: Uint8Array): this {
    return this.addOptions([checkedOption(code, data)]);
  }

  /**
   * Says which clients the reply is for (RFC 7871): those whose address has the same first `scope` bits as the query's
   * `clientSubnet`; 0: all. The client gets its Client Subnet back with this scope, and the answer cache gives the reply
   * to all queries with a subnet in this network. Has no effect for a query without Client Subnet. Throws `RangeError`
   * `ERR_OUT_OF_RANGE` unless `scope` is an integer from 0 to 128.
   */
  clientSubnet({ scope }: { scope: number }): this {
    this.scope = checkedScope(scope);
    return this;
  }

  /** @internal Adds EDNS options, as {@link option} does. */
  addOptions(options: readonly EdnsOption[]): this {
    const nsid = options.find(({ code }) => code === OPTION.NSID);
    if (nsid !== undefined && nsid.data.length > 0) this.nsid = nsid.data;
    this.#options = withOptions(
      this.#options,
      options.filter((option) => option.code !== OPTION.NSID),
    );
    return this;
  }

  /** @internal Takes over the options of another reply to the query. */
  withOptionsOf(reply: ReplyEdns): this {
    this.nsid = reply.nsid;
    this.scope = reply.scope;
    return reply.#options === undefined ? this : this.addOptions(reply.#options);
  }

  /** @internal The options that the client of a query gets; undefined: none. */
  optionsFor(query: { edns: Edns | undefined }): readonly EdnsOption[] | undefined {
    if (this.#options === undefined && this.scope === undefined) return undefined;
    return clientOptions(this.#options, this.scope, query.edns?.options ?? []);
  }
}
