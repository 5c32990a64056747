// How the contenders are loaded. A window of 128 fits into the receive buffer that a socket has by default.
import { startLoad } from '../dist/tune/load-generator.js';
import { questions } from './zone.js';

/** The CPUs that servers and loads are pinned to. */
export const SERVER_CPU = 0;
export const LOAD_CPU = 1;

/** Options of startLoad by name. */
export const loads = {
  'udp-bursts': { label: 'UDP, 64 clients, bursts of 8', transport: 'udp', clients: 64, burst: 8, window: 128 },
  'udp-turns': { label: 'UDP, 64 clients in turn', transport: 'udp', clients: 64, burst: 1, window: 128 },
  'tcp-pipelined': { label: 'TCP, 20 connections, pipelined', transport: 'tcp', clients: 20, burst: 16, window: 640 },
  'tcp-single': {
    label: 'TCP, one query a connection',
    transport: 'tcp',
    clients: 20,
    connectionPerQuery: true,
    window: 20,
  },
};

/** Runs a load to its end. `more`: further options, such as duration. */
export async function runLoad(name, port, more) {
  const { transport, clients, burst, connectionPerQuery, window } = loads[name];
  const options = {
    transport,
    clients,
    burst,
    connectionPerQuery,
    window: more.rate === undefined ? window : undefined,
  };
  return startLoad({ address: '127.0.0.1', port, questions, cpu: LOAD_CPU, timeout: 1000, ...options, ...more })
    .finished;
}
