import assert from 'node:assert/strict';
import { usableCpus } from '../../dist/socket/cpus.js';
import { checkSocketCount, MAX_SOCKETS } from '../../dist/socket/socket-count.js';

describe('the number of sockets', () => {
  it('is from 1 to 1,024, as in CoreDNS', () => {
    assert.equal(MAX_SOCKETS, 1024);
    assert.equal(checkSocketCount('sockets', 1), 1);
    assert.equal(checkSocketCount('sockets', 1024), 1024);
  });

  it('is the usable CPUs by default', () => {
    assert.equal(checkSocketCount('sockets', undefined), Math.min(usableCpus(), 1024));
  });

  for (const value of [0, -1, 1025, 1.5, NaN]) {
    it(`is not ${value}`, () => {
      assert.throws(() => checkSocketCount('sockets', value), {
        code: 'ERR_OUT_OF_RANGE',
        message: `The "sockets" option is out of range. It must be an integer from 1 to 1024. Received ${value}`,
      });
    });
  }

  it('is a number', () => {
    assert.throws(() => checkSocketCount('listen.sockets', '4' as never), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: `The "listen.sockets" option must be a number. Received '4'`,
    });
  });
});
