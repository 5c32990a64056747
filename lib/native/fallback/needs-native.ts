import { withCode, type CodedError } from '../../errors.js';

/** The error `ERR_MULTISOCKET_NATIVE_REQUIRED`: `what` needs the native addon. */
export function needsNative(what: string): CodedError {
  const message = `${what} needs the native addon, which is not loaded here (see docs/guides/packaging.md)`;
  return withCode(new Error(message), 'ERR_MULTISOCKET_NATIVE_REQUIRED');
}
