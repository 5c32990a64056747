/** A system error as Node words those of `listen`, whichever of the system calls behind it failed. */
export function asListenError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const system = error as NodeJS.ErrnoException;
  error.message = error.message.replace(/^\w+ /, 'listen ');
  system.syscall = 'listen';
  return error;
}
