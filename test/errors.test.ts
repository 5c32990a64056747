import assert from 'node:assert/strict';
import { checkBoolean, checkInteger, invalidType, invalidValue, outOfRange, withCode } from '../dist/errors.js';

describe('errors', () => {
  it('have a code, and stay what they are', () => {
    const error = new Error('why');
    assert.equal(withCode(error, 'ERR_MULTISOCKET_X'), error);
    assert.equal((error as Error & { code?: string }).code, 'ERR_MULTISOCKET_X');
  });

  it('about a type are worded as Node`s own', () => {
    const error = invalidType('sockets', 'a number', 'four');
    assert.ok(error instanceof TypeError);
    assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
    assert.equal(error.message, `The "sockets" option must be a number. Received 'four'`);
  });

  it('about a value say what is wrong with it', () => {
    const error = invalidValue('steering', "must be 'hash' or 'cpu'", 'left');
    assert.ok(error instanceof TypeError);
    assert.equal(error.code, 'ERR_INVALID_ARG_VALUE');
    assert.equal(error.message, `The "steering" option must be 'hash' or 'cpu'. Received 'left'`);
  });

  it('about a range name it', () => {
    const error = outOfRange('port', 'an integer from 0 to 65535', 65536);
    assert.ok(error instanceof RangeError);
    assert.equal(error.code, 'ERR_OUT_OF_RANGE');
    assert.equal(
      error.message,
      'The "port" option is out of range. It must be an integer from 0 to 65535. Received 65536',
    );
  });

  it('show long and deep values in short', () => {
    assert.ok(invalidType('x', 'a number', 'a'.repeat(10_000)).message.length < 200);
    assert.match(invalidType('x', 'a number', { a: { b: { c: 1 } } }).message, /Received \{ a: \[Object\] \}$/);
  });
});

describe('the check of an integer', () => {
  it('returns it, up to both ends of its range', () => {
    for (const value of [-3, 0, 7]) assert.equal(checkInteger('n', value, -3, 7), value);
  });

  for (const value of [-4, 8, 0.5, NaN, Infinity]) {
    it(`refuses ${value}`, () => {
      assert.throws(() => checkInteger('n', value, -3, 7), {
        name: 'RangeError',
        code: 'ERR_OUT_OF_RANGE',
        message: `The "n" option is out of range. It must be an integer from -3 to 7. Received ${value}`,
      });
    });
  }

  for (const value of ['1', null, undefined, 1n]) {
    it(`refuses what is no number: ${typeof value} ${String(value)}`, () => {
      assert.throws(() => checkInteger('n', value, -3, 7), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    });
  }
});

describe('the check of a boolean', () => {
  it('returns it', () => {
    assert.equal(checkBoolean('b', true), true);
    assert.equal(checkBoolean('b', false), false);
  });

  it('refuses all else', () => {
    for (const value of [0, 1, 'true', null, undefined]) {
      assert.throws(() => checkBoolean('b', value), {
        code: 'ERR_INVALID_ARG_TYPE',
        message: /^The "b" option must be a boolean/,
      });
    }
  });
});
