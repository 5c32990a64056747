/** Linux's default of `net.ipv4.ip_unprivileged_port_start`. */
const FIRST_UNPRIVILEGED = 1024;

/**
 * Converts a system error into the form of Node's `listen` errors, whichever system call failed. `name`: the interface that
 * the socket is for.
 */
export function asListenError(error: unknown, name?: string): unknown {
  if (!(error instanceof Error)) return error;
  const system = error as NodeJS.ErrnoException;
  error.message = error.message.replace(/^\w+ /, 'listen ');
  system.syscall = 'listen';
  const { address = '', port } = error as { address?: string; port?: number };
  if (name !== undefined) error.message += ` on the interface ${JSON.stringify(name)}`;
  if (system.code === 'EPERM' && name !== undefined) {
    error.message += ' (it needs CAP_NET_RAW, before Linux 5.7 or for a socket that has an interface)';
  }
  if (system.code === 'EINVAL' && /^fe[89ab][^%]*$/i.test(address)) {
    error.message += ` (a link-local address needs its interface, as in "${address}%eth0")`;
  }
  if (system.code === 'EACCES' && port !== undefined && port < FIRST_UNPRIVILEGED) {
    error.message += ` (a port below ${FIRST_UNPRIVILEGED} needs root, CAP_NET_BIND_SERVICE or net.ipv4.ip_unprivileged_port_start; the option "listen" can say another, as in "127.0.0.1:5300")`;
  }
  return error;
}
