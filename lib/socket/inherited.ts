/** Checks of sockets that another process opened. */
import { fstatSync } from 'node:fs';
import { addon, type NativeSocketDescription } from '../native/addon.js';
import { checkInteger, withCode, type CodedError } from '../errors.js';
import { MAX_INT32 } from '../options/numbers.js';
import { formatAddress } from './addresses.js';

/** The traits that all sockets of a group share. */
export type SharedTraits = Pick<NativeSocketDescription, 'protocol' | 'address' | 'port' | 'interface'>;

/**
 * The error `ERR_MULTISOCKET_INHERITED_SOCKET`: a descriptor is not what it should be. `fault` completes "descriptor
 * 3".
 */
export function inheritedFault(fd: number, fault: string, cause?: unknown): CodedError {
  const error = new Error(`The inherited descriptor ${fd} ${fault}`, cause === undefined ? {} : { cause });
  return withCode(error, 'ERR_MULTISOCKET_INHERITED_SOCKET');
}

/**
 * Describes a bound UDP socket or a listening TCP socket, from the kernel. Throws {@link inheritedFault}, or the error
 * of an invalid `fd`.
 */
export function describeOne(fd: number): NativeSocketDescription {
  checkInteger('descriptor', fd, 0, MAX_INT32);
  let found: NativeSocketDescription;
  try {
    found = addon.describeSocket(fd);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      EBADF: 'is not open',
      ENOTSOCK: 'is not a socket',
      EAFNOSUPPORT: 'is a socket of neither IPv4 nor IPv6',
      EPROTONOSUPPORT: 'is a socket of neither UDP nor TCP',
    };
    throw inheritedFault(fd, reasons[code ?? ''] ?? `cannot be looked at: ${message}`, error);
  }
  if (found.port === 0) throw inheritedFault(fd, 'is not bound to a port');
  if (found.protocol === 'tcp' && !found.listening) {
    throw inheritedFault(fd, `is a TCP socket at ${formatAddress(found.address, found.port)} that does not listen`);
  }
  return found;
}

/** Checks that descriptors make one group that agrees with `known`; returns the first one's description. */
export function describeInherited(
  descriptors: readonly number[],
  known: Partial<SharedTraits>,
): NativeSocketDescription {
  const first = describeOne(descriptors[0]);
  const wanted = { ...first, ...known };
  const inodes = new Set<number>();
  for (const fd of descriptors) {
    const found = describeOne(fd);
    if (shown(found) !== shown(wanted)) {
      throw inheritedFault(fd, `is ${shown(found)}, which is not ${shown(wanted)}`);
    }
    if (descriptors.length > 1 && !found.reusePort) {
      throw inheritedFault(fd, `shares ${shown(found)} with others and has no SO_REUSEPORT`);
    }
    const { ino } = fstatSync(fd);
    if (inodes.has(ino)) throw inheritedFault(fd, 'is the same socket as another one of its group');
    inodes.add(ino);
  }
  return first;
}

function shown({ protocol, address, port, interface: name }: SharedTraits): string {
  return `${protocol} ${formatAddress(address, port, name)}`;
}
