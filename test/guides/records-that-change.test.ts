import assert from 'node:assert/strict';
import { ask } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms, type GuideProgram } from '../support/guide-program.js';

const NAME = 'www.example.org';
const CHANGES = 60;
const CLIENTS = 8;

describe('the guide of records that change', () => {
  let port: number;
  let control: number;
  let program: GuideProgram;

  before(async () => {
    [port, control] = [await freePort(), await freePort()];
    const directory = writeGuidePrograms('records-that-change', {
      '127.0.0.1:5300': `127.0.0.1:${port}`,
      'listen(8080': `listen(${control}`,
      // A slow listener: an order with a race gives an old answer soon.
      "on('message', (message) => {":
        "on('message', async (message) => {\nawait new Promise((resolve) => setTimeout(resolve, 5));",
    });
    program = await startGuideProgram(directory, 'records-that-change.mjs');
  });

  after(() => program.end());

  async function address(): Promise<string> {
    const { answers } = await ask(port, NAME, 'A');
    return (answers![0] as { data: string }).data;
  }

  it(`gives no old answer after a change, in ${CHANGES} changes under load`, async () => {
    assert.equal(await address(), '192.0.2.1');
    /** The number of the last change that is complete. */
    let changed = 0;
    let ended = false;
    let asked = 0;
    const client = async (): Promise<void> => {
      while (!ended) {
        const least = changed;
        const [, , high, low] = (await address()).split('.').map(Number);
        const found = high === 2 ? 0 : low + 1;
        assert.ok(found >= least, `change ${least} was complete before the question, the answer is of change ${found}`);
        asked++;
      }
    };
    const clients = Array.from({ length: CLIENTS }, client);
    for (let change = 0; change < CHANGES; change++) {
      const response = await fetch(`http://127.0.0.1:${control}/${NAME}`, { method: 'PUT', body: `10.0.0.${change}` });
      assert.equal(await response.text(), 'changed\n');
      changed = change + 1;
    }
    ended = true;
    await Promise.all(clients);
    assert.ok(asked > CHANGES, String(asked));
    assert.equal(await address(), `10.0.0.${CHANGES - 1}`);
  });
});
