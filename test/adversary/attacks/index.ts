/** All kinds of attacks. */
import type { Attack } from '../attack.js';
import { blocking } from './blocking.js';
import { certificates, oldTickets, renegotiation } from './certificates.js';
import { datagrams } from './datagrams.js';
import { expressions } from './expressions.js';
import { birthdays, malformedAnswers } from './forgery.js';
import { frameErrors, frames } from './frames.js';
import { inFlight } from './in-flight.js';
import { injection } from './injection.js';
import { proxies } from './proxies.js';
import { requests } from './requests.js';
import { sharing } from './sharing.js';
import { crowd, streams } from './streams.js';
import { transactions } from './transactions.js';
import { transfers } from './transfers.js';

export const ATTACKS: readonly Attack[] = [
  injection,
  datagrams,
  transactions,
  transfers,
  proxies,
  streams,
  crowd,
  requests,
  frames,
  frameErrors,
  inFlight,
  birthdays,
  malformedAnswers,
  sharing,
  expressions,
  certificates,
  oldTickets,
  renegotiation,
  blocking,
];
