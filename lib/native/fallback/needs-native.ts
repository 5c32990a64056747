/** What cannot be had without native code. */
import { withCode, type CodedError } from '../../errors.js';

/** `ERR_MULTISOCKET_NATIVE_REQUIRED`: `what` is there only where the native addon is. */
export function needsNative(what: string): CodedError {
  const message = `${what} needs the native addon, which is not loaded here (see docs/guides/packaging.md)`;
  return withCode(new Error(message), 'ERR_MULTISOCKET_NATIVE_REQUIRED');
}
