import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { ask } from '../support/clients.js';
import { serve } from '../support/server.js';

/** The CPUs that each worker thread may use, by its name. */
function allowed(): string[] {
  const tasks = readdirSync('/proc/self/task').map((task) => readFileSync(`/proc/self/task/${task}/status`, 'utf8'));
  return tasks.map((status) => /Cpus_allowed_list:\s*(\S+)/.exec(status)?.[1] ?? '');
}

describe('pinWorkers', () => {
  it('ties each worker to a CPU of its own, and with steering cpu all are served', async () => {
    const before = allowed();
    const { server, port } = await serve({ sockets: 2, workers: 2, steering: 'cpu', pinWorkers: true });
    const pinned = allowed().filter((cpus) => /^\d+$/.test(cpus));
    assert.ok(pinned.length >= before.filter((cpus) => /^\d+$/.test(cpus)).length + 2, allowed().join(' '));
    for (let i = 0; i < 10; i++) assert.equal((await ask(port, 'example.org')).rcode, 'NOERROR');
    await server.close();
  });

  it('is a boolean', async () => {
    await assert.rejects(serve({ pinWorkers: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});
