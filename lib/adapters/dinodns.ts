/** Handlers as dinodns has them: `(req, res, next)`. */
import packet, { type DecodedPacket } from 'dns-packet';
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { ResourceRecord } from '../dns/record.js';
import type { Rcode } from '../dns/registry.js';
import type { Reply } from '../message/reply.js';
import { untilDone } from './once.js';

/** What such a handler reads of a request. */
export interface DinoRequest {
  /** By dns-packet. */
  packet: DecodedPacket;
  connection: { remoteAddress: string; remotePort: number; type: 'UDP' | 'TCP' | 'TLS' | 'HTTPS' };
}

/** What such a handler answers by. The first answer or error is sent. */
export interface DinoResponse {
  /** Answers with one record or several, in dns-packet's form. */
  answer(records: ResourceRecord | ResourceRecord[]): void;
  errors: Record<'nxDomain' | 'notImplemented' | 'refused' | 'serverFailure', () => void>;
  /** Answers without a record. */
  resolve(): void;
  /** Whether it has answered. */
  readonly finished: boolean;
}

/** The shape of dinodns's handlers and middleware. */
export type DinoHandler = (request: DinoRequest, response: DinoResponse, next: (error?: Error) => void) => unknown;

/** It has no name for gRPC, which is HTTP/2 as well. */
const networks = { udp: 'UDP', tcp: 'TCP', tls: 'TLS', https: 'HTTPS', grpc: 'HTTPS' } as const;

/**
 * A handler from those of dinodns: middleware and the last one, in their order, each called when the one before calls
 * `next`. What none answers is NXDOMAIN, as with dinodns. Throwing or rejecting is SERVFAIL.
 */
export function fromDinodns(...handlers: DinoHandler[]): Handler {
  return untilDone(async (query, reply, done, failed) => {
    const response = responseOf(reply, done);
    const request = requestOf(query);
    const call = (place: number): void => {
      if (place === handlers.length) {
        if (!response.finished) response.errors.nxDomain();
        return;
      }
      const next = (error?: Error): void => {
        if (error === undefined) call(place + 1);
        else failed(error);
      };
      new Promise((resolve) => {
        resolve(handlers[place](request, response, next));
      }).catch(failed);
    };
    call(0);
    return Promise.resolve();
  });
}

function requestOf({ raw, client, transport }: Query): DinoRequest {
  const connection = { remoteAddress: client.address, remotePort: client.port, type: networks[transport] };
  return { packet: packet.decode(raw), connection };
}

function responseOf(reply: Reply, done: () => void): DinoResponse {
  let finished = false;
  const finish = (fill: () => void): void => {
    if (finished) return;
    finished = true;
    fill();
    done();
  };
  const fail = (rcode: Rcode) => (): void => {
    finish(() => (reply.rcode = rcode));
  };
  return {
    answer: (records) => {
      finish(() => reply.answer(...(Array.isArray(records) ? records : [records])));
    },
    resolve: fail('NOERROR'),
    errors: {
      nxDomain: fail('NXDOMAIN'),
      notImplemented: fail('NOTIMP'),
      refused: fail('REFUSED'),
      serverFailure: fail('SERVFAIL'),
    },
    get finished() {
      return finished;
    },
  };
}
