import assert from 'node:assert/strict';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { ask } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/server.js';

const NAME = 'a\n\u001b[31m"}\u0000\\b\u007f.example';
const modules = [new URL('../run/fixtures/echoing.js', import.meta.url)];

describe("a client's text", () => {
  it('is escaped in logs, and is in no metric', async () => {
    const metrics = await freePort();
    const { server, port, log } = await serveCorefile(
      `.:0 {\n log\n errors {\n  stacktrace\n }\n prometheus 127.0.0.1:${metrics}\n echoing\n}`,
      { modules },
    );
    await ask(port, NAME);
    await until(() => log.length >= 3, 'the query and its error are logged');
    for (const line of log) {
      const [first, ...more] = line.split('\n');
      assert.doesNotMatch(first, /[\p{C}\p{Zl}\p{Zp}]/u);
      for (const call of more) assert.match(call, /^ {4}at [^\p{C}]*$/u);
    }
    const response = await new Promise<IncomingMessage>((resolve) =>
      get(`http://127.0.0.1:${metrics}/metrics`, resolve),
    );
    const exposition = await text(response);
    assert.match(exposition, /coredns_dns_requests_total/);
    assert.doesNotMatch(exposition, /example|\[31m|[^\P{C}\n]/u);
    await server.close();
  });
});
