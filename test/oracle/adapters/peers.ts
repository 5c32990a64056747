/** The libraries, each with the oracle's handler: on its own server and on this library's adapter. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import type DNS from 'dns2';
import { createServer, type Handler } from 'multisocket';
import {
  fromDinodns,
  fromDns2,
  fromDnsPacket,
  fromNativeDns,
  type DinoHandler,
  type NativeDnsHandler,
} from 'multisocket/adapters';
import { freePort } from '../../support/free-port.js';
import { answerFor, type NeutralAnswer, type NeutralRecord } from './answers.js';

const require = createRequire(import.meta.url);
const dns2 = require('dns2') as typeof DNS;

/** A server that listens on 127.0.0.1. */
export interface Peer {
  port: number;
  close(): unknown;
}

/** A library: its own server, and its handler for this library's. */
export interface Library {
  name: 'dns2' | 'dns-packet' | 'dinodns' | 'native-dns';
  plain(): Promise<Peer>;
  handler: Handler;
}

/** A handler on this library. */
export async function serveHandler(handler: Handler): Promise<Peer> {
  const server = createServer({ listen: '127.0.0.1:0', sockets: 1, workers: 0, handler });
  server.on('warning', () => undefined); // handlers that throw
  await server.listen();
  return { port: server.addresses()[0].port, close: () => server.close() };
}

const flagsOf = ({ rcode, authoritative, truncated, recursionAvailable }: NeutralAnswer): number =>
  rcode | (authoritative ? 0x400 : 0) | (truncated ? 0x200 : 0) | (recursionAvailable ? 0x80 : 0);

/** Types by their numbers in answers. */
const TYPES = { A: 1, NS: 2, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 };

function dnsPacketAnswer(query: DecodedPacket): Packet {
  const neutral = answerFor(query.id ?? 0, query.questions![0].name);
  if (neutral.throws) throw new Error('the handler throws');
  const { answers, authorities, additionals } = neutral;
  const flags = flagsOf(neutral);
  return {
    type: 'response',
    id: query.id!,
    flags,
    questions: query.questions!,
    answers,
    authorities,
    additionals,
  };
}

const dns2Record = ({ type, name, ttl, data }: NeutralRecord): DNS.Packet.Resource => {
  const fields =
    typeof data === 'string'
      ? {
          A: { address: data },
          AAAA: { address: data },
          CNAME: { domain: data },
          PTR: { domain: data },
          NS: { ns: data },
        }[type as 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS']
      : Array.isArray(data)
        ? { data }
        : 'exchange' in data
          ? { priority: data.preference, exchange: data.exchange }
          : data;
  return { name, type: TYPES[type], class: 1, ttl, ...fields } as unknown as DNS.Packet.Resource;
};
const dns2Handler: DNS.DnsHandler = (request, send) => {
  const neutral = answerFor(request.header.id, request.questions[0].name);
  if (neutral.throws) throw new Error('the handler throws');
  const response = dns2.Packet.createResponseFromRequest(request);
  const { rcode, authoritative, truncated, recursionAvailable } = neutral;
  Object.assign(response.header, {
    rcode,
    aa: Number(authoritative),
    tc: Number(truncated),
    ra: Number(recursionAvailable),
  });
  response.answers = neutral.answers.map(dns2Record);
  response.authorities = neutral.authorities.map(dns2Record);
  response.additionals = neutral.additionals.map(dns2Record);
  void send(response);
};

const dinoHandler: DinoHandler = (request, response) => {
  const neutral = answerFor(request.packet.id, request.packet.questions[0].name);
  if (neutral.throws) throw new Error('the handler throws');
  // Neither dinodns nor its client's OPT is what is looked at here.
  response.packet.flags = flagsOf(neutral);
  response.packet.authorities = neutral.authorities;
  response.packet.additionals = neutral.additionals;
  response.answer(neutral.answers);
};

const nativeRecord = ({ type, name, ttl, data }: NeutralRecord): object => {
  const fields =
    typeof data === 'string' && (type === 'A' || type === 'AAAA')
      ? { address: data }
      : typeof data === 'string' || Array.isArray(data)
        ? { data }
        : 'exchange' in data
          ? { priority: data.preference, exchange: data.exchange }
          : data;
  return { name, type: TYPES[type], class: 1, ttl, ...fields };
};
const nativeHandler: NativeDnsHandler = (request, response) => {
  const neutral = answerFor(request.header.id, request.question[0].name);
  if (neutral.throws) throw new Error('the handler throws');
  const { rcode, authoritative, truncated, recursionAvailable } = neutral;
  Object.assign(response.header, {
    rcode,
    aa: Number(authoritative),
    tc: Number(truncated),
    ra: Number(recursionAvailable),
  });
  response.answer = neutral.answers.map(nativeRecord) as never[];
  response.authority = neutral.authorities.map(nativeRecord) as never[];
  response.additional = neutral.additionals.map(nativeRecord) as never[];
  response.send();
};

interface NativeServer {
  on(event: string, listener: unknown): void;
  serve(port: number, address: string): void;
  close(): void;
}

export const libraries: Library[] = [
  {
    name: 'dns2',
    handler: fromDns2(dns2, dns2Handler),
    plain: async () => {
      const server = dns2.createUDPServer(dns2Handler);
      server.on('requestError', () => undefined);
      await server.listen(0, '127.0.0.1');
      return { port: server.address().port, close: () => server.close() };
    },
  },
  {
    name: 'dns-packet',
    handler: fromDnsPacket(dnsPacketAnswer),
    plain: async () => {
      const socket = createSocket('udp4');
      socket.on('message', (message, { port, address }) => {
        try {
          socket.send(packet.encode(dnsPacketAnswer(packet.decode(message))), port, address);
        } catch {
          // The program that this stands for ends here.
        }
      });
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      return { port: socket.address().port, close: () => socket.close() };
    },
  },
  {
    name: 'dinodns',
    handler: fromDinodns(dinoHandler),
    plain: async () => {
      const { DefaultServer } = require('dinodns/common/server') as Record<string, new (options: object) => never>;
      const { DNSOverUDP } = require('dinodns/common/network') as Record<string, new (options: object) => never>;
      const port = await freePort();
      const network = new DNSOverUDP({ address: '127.0.0.1', port }) as { server: { once: never } };
      const server = new DefaultServer({ networks: [network] }) as {
        use(handler: DinoHandler): void;
        start(): void;
        stop(): void;
      };
      server.use((request, response, next) => {
        try {
          dinoHandler(request, response, next);
        } catch {
          // The program that this stands for ends here.
        }
      });
      const listening = once(network.server as never, 'listening');
      server.start();
      await listening;
      return {
        port,
        close: () => {
          server.stop();
        },
      };
    },
  },
  {
    name: 'native-dns',
    handler: fromNativeDns(nativeHandler),
    plain: async () => {
      const nativeDns = require('native-dns') as { createServer(): NativeServer };
      const server = nativeDns.createServer();
      server.on('request', nativeHandler);
      server.on('error', () => undefined);
      const port = await freePort();
      const listening = new Promise((resolve) => {
        server.on('listening', resolve);
      });
      server.serve(port, '127.0.0.1');
      await listening;
      return {
        port,
        close: () => {
          server.close();
        },
      };
    },
  },
];
