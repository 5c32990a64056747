// What each worker does with a query: blocks it or forwards it, and logs it.
import { clearInterval, setInterval } from 'node:timers';
import { createForwarder } from 'multisocket/forward';
import { readBlockList } from './block-list.js';

/** Rows go to the owner's thread, which writes to the database, when there are so many, and every second. */
const BATCH = 1000;
const INTERVAL = 1000;
const BLOCKED = 15; // RFC 8914 s.4.16
const TTL = 60;
const NOWHERE = { A: '0.0.0.0', AAAA: '::' };

let isBlocked;
let forwarder;
let context;
let timer;
let rows = [];

export function setup(given) {
  context = given;
  const { blockList, upstreams } = context.workerData;
  isBlocked = readBlockList(blockList);
  forwarder = createForwarder({ upstreams });
  timer = setInterval(flush, INTERVAL);
}

/** @type {import('multisocket').Handler} */
export default function handle(query, reply) {
  const blocked = isBlocked(query.key);
  const row = [Date.now(), query.client.address, query.key, query.type, Number(blocked)];
  reply.observe(({ rcode }) => {
    rows.push([...row, rcode]);
    if (rows.length >= BATCH) flush();
  });
  if (!blocked) return forwarder.forward(query, reply);
  const { name, type } = query;
  reply.rcode = 'NOERROR';
  if (type in NOWHERE) reply.answer({ type, name, ttl: TTL, data: NOWHERE[type] });
  reply.ede(BLOCKED);
}

export function close() {
  clearInterval(timer);
  flush();
  forwarder.close();
}

function flush() {
  if (rows.length > 0) context.postMessage(rows);
  rows = [];
}
