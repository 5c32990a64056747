import assert from 'node:assert/strict';
import { ask } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { refuses } from '../support/refuses.js';

const modules = [new URL('../run/fixtures/failing.js', import.meta.url)];

/** What is logged when `failing` fails for three names. */
async function logOf(lines: string): Promise<{ log: string[]; warnings: Error[] }> {
  const { server, port, log, warnings } = await serveCorefile(`.:0 {\n${lines}\n failing\n}`, { modules });
  for (const name of ['throws.example.org', 'rejects.example.org', 'rejects.example.net']) {
    assert.equal(((await ask(port, name)) as unknown as { rcode: string }).rcode, 'SERVFAIL');
  }
  await server.close();
  return { log, warnings };
}

describe('the directive errors', () => {
  it('logs what directives throw and reject with, one line each', async () => {
    const { log, warnings } = await logOf('errors');
    assert.deepEqual(log, [
      'error plugin/errors: 2 throws.example.org. A: not\\010today',
      'error plugin/errors: 2 rejects.example.org. A: upstream timeout',
      'error plugin/errors: 2 rejects.example.net. A: upstream timeout',
    ]);
    assert.deepEqual(warnings, []);
  });

  it('counts those that match, and reports them in the end', async () => {
    const { log } = await logOf('errors {\n consolidate 1h "timeout$" warning show_first\n consolidate 1h .*\n}');
    assert.deepEqual(log, [
      'warn plugin/errors: 2 rejects.example.org. A: upstream timeout',
      "warn plugin/errors: 2 errors like 'timeout$' occurred in last 3600s",
      "error plugin/errors: 1 errors like '.*' occurred in last 3600s",
    ]);
  });

  it("takes Go's expressions", async () => {
    const { log } = await logOf(
      'errors {\n consolidate 1h "(?i:TIMEOUT)\\z|[[:digit:]]{3}" info\n consolidate 1h .*\n}',
    );
    assert.match(log[0], /^info plugin\/errors: 2 errors like/);
  });

  it('logs the stack with the option stacktrace', async () => {
    const { log } = await logOf('errors {\n stacktrace\n}');
    assert.equal(log.length, 6);
    assert.match(log[1], /^error Error: not\\010today\n +at /);
  });

  it('is not needed for the client to get SERVFAIL: the server warns then', async () => {
    const { log, warnings } = await logOf('');
    assert.deepEqual(log, []);
    assert.ok(warnings.some(({ message }) => message.includes('the handler threw for throws.example.org IN A')));
  });

  refuses([
    ['errors file', 2, 'invalid log file: file'],
    ['errors\nerrors', 3, 'it can be used once in a server block'],
    ['errors {\n other\n}', 3, "unknown option 'other'"],
    ['errors {\n consolidate 1s\n}', 3, "Wrong argument count or unexpected line ending after '1s'"],
    ['errors {\n consolidate 1s a error info\n}', 3, 'multiple log levels specified in consolidate'],
    ['errors {\n consolidate 1s a show_first info\n}', 3, 'log level must come before show_first in consolidate'],
    ['errors {\n consolidate 1s a loud\n}', 3, 'unknown log level "loud" in consolidate option'],
    ['errors {\n consolidate 1s a error b\n}', 3, 'unknown log level "b" in consolidate option'],
  ]);
});
