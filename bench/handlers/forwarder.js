import { createForwarder } from '../../dist/forward.js';

let forwarder;

export function setup({ workerData: { upstreams } }) {
  forwarder = createForwarder({ upstreams });
}

/** @type {import('multisocket').Handler} */
export default function handle(query, reply) {
  return forwarder.forward(query, reply);
}

export function close() {
  forwarder.close();
}
