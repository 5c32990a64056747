import type { QueryLogEntry } from '../../message/query-log-entry.js';

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** Fields of the text `extra`, by CoreDNS's names. */
const FIELDS: Readonly<Record<string, (entry: QueryLogEntry) => string>> = {
  type: ({ type }) => type,
  class: ({ class: queryClass }) => queryClass,
  name: ({ name }) => (name === '.' ? name : `${name}.`),
  proto: ({ transport }) => (transport === 'udp' ? 'udp' : 'tcp'),
  remote: ({ client }) => bracketed(client.address),
  port: ({ client }) => String(client.port),
  local: ({ local }) => bracketed(local.address),
};

/** Returns a function that fills in the fields of a text. Those of metadata are `-`; other words in braces stay. */
export function compileExtra(text: string): (entry: QueryLogEntry) => string {
  return (entry) =>
    text.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
      if (name.startsWith('/')) return '-';
      return Object.hasOwn(FIELDS, name) ? FIELDS[name](entry) : whole;
    });
}
