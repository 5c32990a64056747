/** Certificates for tests, made by openssl, each signed by itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './clients.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A certificate and its key in PEM, and the file that has the certificate. */
export interface Certificate {
  cert: string;
  key: string;
  file: string;
}

/** Makes a certificate for `name`, 127.0.0.1 and ::1. */
export async function makeCertificate(name = 'localhost'): Promise<Certificate> {
  const directory = temporaryDirectory();
  const [file, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const alternatives = `subjectAltName=DNS:${name},IP:127.0.0.1,IP:::1`;
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const what = ['-subj', `/CN=${name}`, '-addext', alternatives, '-days', '2', '-keyout', keyFile, '-out', file];
  await run('openssl', ['req', '-x509', ...curve, ...what]);
  return { cert: readFileSync(file, 'utf8'), key: readFileSync(keyFile, 'utf8'), file };
}
