/** The known directives, and their order in the chain. */
import { invalidType, invalidValue } from '../errors.js';
import type { DirectiveDefinition } from './directive.js';

/**
 * The order in which directives see a query, whatever their order in the Corefile: CoreDNS's (its plugin.cfg), with our
 * own directive `rrl` among those that configure addresses.
 */
export const CHAIN_ORDER: readonly string[] = [
  'proxyproto',
  'tls',
  'timeouts',
  'multisocket',
  'rrl',
  'reload',
  'nsid',
  'bufsize',
  'bind',
  'ready',
  'health',
  'prometheus',
  'errors',
  'log',
  'dnstap',
  'local',
  'any',
  'chaos',
  'loadbalance',
  'tsig',
  'rewrite',
  'acl',
  'cache',
  'header',
  'dnssec',
  'minimal',
  'template',
  'transfer',
  'hosts',
  'file',
  'auto',
  'secondary',
  'loop',
  'forward',
  'whoami',
  'sign',
];

/** A set of directives by name, in the order of the chain. */
export class DirectiveRegistry {
  readonly #definitions = new Map<string, DirectiveDefinition>();
  readonly #order = [...CHAIN_ORDER];

  /**
   * Adds a directive. Throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for an invalid definition, a name that
   * is taken or not allowed in a Corefile, and a `before` that is not a directive.
   */
  register<Config>(definition: DirectiveDefinition<Config>): void {
    const { name, before, setup } = definition;
    if (typeof (name as unknown) !== 'string') throw invalidType('name', 'a string', name);
    if (!/^[^\s"#{}]+$/.test(name) || name === 'import')
      throw invalidValue('name', 'cannot be that of a directive', name);
    if (typeof (setup as unknown) !== 'object' || (setup as unknown) === null)
      throw invalidType('setup', 'an object', setup);
    const configure: unknown = (setup as { configure: unknown }).configure;
    if (typeof configure !== 'function') throw invalidType('setup.configure', 'a function', configure);
    if (this.#definitions.has(name)) throw invalidValue('name', 'is that of a directive already', name);
    this.#place(name, before);
    this.#definitions.set(name, definition);
  }

  /** A directive by its name; undefined if there is none. */
  get(name: string): DirectiveDefinition | undefined {
    return this.#definitions.get(name);
  }

  /** The names of all registered directives, in the order of the chain. */
  names(): string[] {
    return this.#order.filter((name) => this.#definitions.has(name));
  }

  #place(name: string, before: string | undefined): void {
    const known = this.#order.indexOf(name);
    if (before === undefined) {
      if (known < 0) this.#order.push(name);
      return;
    }
    if (before === name || !this.#order.includes(before)) throw invalidValue('before', 'must name a directive', before);
    if (known >= 0) this.#order.splice(known, 1);
    this.#order.splice(this.#order.indexOf(before), 0, name);
  }
}

/** The directives of this thread. */
export const knownDirectives = new DirectiveRegistry();

/** Adds a directive to those of this thread: {@link DirectiveRegistry.register}. */
export function registerDirective<Config>(definition: DirectiveDefinition<Config>): void {
  knownDirectives.register(definition);
}
