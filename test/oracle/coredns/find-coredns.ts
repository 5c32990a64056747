/** Where CoreDNS is. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { findProgram } from '../../support/find-program.js';

/** `coredns` on PATH, or where `go install` puts it; undefined when it is not installed. */
export function findCoredns(): string | undefined {
  const installed = join(process.env.GOPATH ?? join(homedir(), 'go'), 'bin', 'coredns');
  return findProgram('coredns') ?? (existsSync(installed) ? installed : undefined);
}
