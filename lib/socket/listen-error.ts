/** Linux's default of `net.ipv4.ip_unprivileged_port_start`. */
const FIRST_UNPRIVILEGED = 1024;

/** Converts a system error into the form of Node's `listen` errors, whichever system call failed. */
export function asListenError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const system = error as NodeJS.ErrnoException;
  error.message = error.message.replace(/^\w+ /, 'listen ');
  system.syscall = 'listen';
  const { port } = error as { port?: number };
  if (system.code === 'EACCES' && port !== undefined && port < FIRST_UNPRIVILEGED) {
    error.message += ` (a port below ${FIRST_UNPRIVILEGED} needs root, CAP_NET_BIND_SERVICE or net.ipv4.ip_unprivileged_port_start; the option "listen" can say another, as in "127.0.0.1:5300")`;
  }
  return error;
}
