/**
 * `npm run oracle:forward -- [--coredns PATH] [--seed N] [--rounds N]`: puts an upstream that misbehaves behind this
 * library, CoreDNS and Unbound. Prints what a client gets of each, and when. Ends with 1 if another one is right where
 * this library is not.
 */
import { parseArgs } from 'node:util';
import { table } from '../../../dist/cli/figures.js';
import { BEHAVIOURS } from './behaviours.js';
import { makeCertificate } from '../../support/certificate.js';
import { compare, compareHttps, type Comparison, type Got } from './compare.js';
import { HTTPS_BEHAVIOURS } from './https.js';
import { forwarders, httpsForwarders, type Forwarder } from './peers.js';

const { values } = parseArgs({
  options: {
    coredns: { type: 'string' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
  },
});

function installed(all: Forwarder[]): Forwarder[] {
  return all.filter(({ name, program }) => {
    if (program === undefined) console.log(`not installed: ${name}`);
    return program !== undefined;
  });
}

function shown({ outcome, records, milliseconds, bytes }: Got): string {
  return `${outcome} ${records.join('/')} ${bytes} B ${milliseconds.toFixed(0)} ms`;
}

/** Prints a comparison. Sets the exit code if another one is right where this library is not. */
function print(title: string, peers: readonly Forwarder[], comparisons: readonly Comparison[]): void {
  const rows = comparisons.map(({ behaviour, got, verdict }) => [
    behaviour.name,
    ...got.map(shown),
    verdict,
    behaviour.reference,
  ]);
  const head = ['THE UPSTREAM', ...peers.map(({ name }) => name.toUpperCase()), 'VERDICT', 'REFERENCE'];
  process.stdout.write(`${title}\n${table([head, ...rows]).join('\n')}\n`);
  for (const verdict of ['same', 'ours right', 'open', 'theirs right']) {
    console.log(`${verdict}: ${comparisons.filter((each) => each.verdict === verdict).length}`);
  }
  if (comparisons.some(({ verdict }) => verdict === 'theirs right')) process.exitCode = 1;
}

const peers = installed(forwarders(values.coredns));
for (let round = 0; round < Number(values.rounds); round++) {
  const seed = Number(values.seed) + round;
  print(`seed ${seed}`, peers, await compare(BEHAVIOURS, peers, seed));
}

const certificate = await makeCertificate();
const httpsPeers = installed(httpsForwarders(certificate.file, values.coredns));
print('by HTTPS', httpsPeers, await compareHttps(HTTPS_BEHAVIOURS, httpsPeers, certificate));
