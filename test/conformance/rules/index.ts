/** All rules, in the order of docs/conformance.md. */
import type { Rule } from '../rule.js';
import { rules as cache } from './cache.js';
import { rules as edns } from './edns.js';
import { rules as encoding } from './encoding.js';
import { rules as forwarded } from './forwarded.js';
import { rules as grpc } from './grpc.js';
import { rules as header } from './header.js';
import { rules as http2 } from './http2.js';
import { rules as https } from './https.js';
import { rules as proxyProtocol } from './proxy-protocol.js';
import { rules as rateLimit } from './rate-limit.js';
import { rules as streams } from './streams.js';
import { rules as transactions } from './transactions.js';
import { rules as transfers } from './transfers.js';
import { rules as truncation } from './truncation.js';
import { rules as wildcards } from './wildcards.js';
import { rules as zoneFiles } from './zone-files.js';
import { rules as zones } from './zones.js';

/** By heading. */
export const RULES: readonly (readonly [heading: string, rules: readonly Rule[]])[] = [
  ['Header, question, names', header],
  ['EDNS', edns],
  ['Truncation and failure', truncation],
  ['Names and records on the wire', encoding],
  ['Zones', zones],
  ['Wildcards', wildcards],
  ['Zone files', zoneFiles],
  ['Updates, notifications, signatures', transactions],
  ['Transfers', transfers],
  ['TCP and TLS', streams],
  ['PROXY protocol', proxyProtocol],
  ['HTTPS', https],
  ['HTTPS behind proxies', forwarded],
  ['HTTP/2', http2],
  ['gRPC', grpc],
  ['Rate limiting', rateLimit],
  ['Cache', cache],
];
