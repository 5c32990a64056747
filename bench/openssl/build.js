// OpenSSL as the Node binary exports it, and files for it.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Compiles openssl.cc; returns the addon's path. */
export function buildOpenssl(directory) {
  const addon = join(directory, 'openssl.node');
  const headers = join(dirname(process.execPath), '../include/node');
  const source = fileURLToPath(new URL('openssl.cc', import.meta.url));
  const args = ['-std=c++17', '-O2', '-shared', '-fPIC', `-I${headers}`, '-o', addon, source];
  execFileSync(process.env.CXX ?? 'c++', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return addon;
}

/** Makes a certificate for localhost, ECDSA with P-256; returns the paths of its PEM files. */
export function makeCertificate(directory) {
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(directory, name));
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-keyout', key, '-out', cert];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject], { stdio: 'pipe' });
  return { cert, key };
}
