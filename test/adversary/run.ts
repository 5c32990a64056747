/**
 * `npm run adversary -- [--seconds N] [--seed N] [--only CONFIGURATION/ATTACK] [--try N] [--root PATH]`: attacks a server for
 * each configuration in examples/ and deploy/, and for some with what those lack. Ends with 1 if an attack succeeds.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeCertificate } from '../support/certificate.js';
import type { Attack } from './attack.js';
import { ATTACKS } from './attacks/index.js';
import { Canaries } from './canaries.js';
import { configurations, type Configuration, type Site } from './configurations.js';
import { Random } from './random.js';
import { Target } from './target.js';
import { Tally } from './tally.js';
import { startUpstream } from './upstream.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: '' },
    try: { type: 'string' },
    root: { type: 'string', default: fileURLToPath(new URL('../..', import.meta.url)) },
  },
});
const { seed, only, root } = values;
process.setMaxListeners(0); // each temporary directory has one
const end = performance.now() + 1000 * Number(values.seconds);

/** Configurations that are attacked at a time: attacks mostly wait. */
const LANES = 4;

const tally = new Tally(seed);
const certificate = await makeCertificate();
const chosen = new Random(seed).shuffle(
  configurations(root).filter(({ name }) => only === '' || only.startsWith(name)),
);
console.log(`seed ${seed}, ${values.seconds} s, ${chosen.length} configurations`);
const queue = [...chosen];
await Promise.all(Array.from({ length: LANES }, work));
process.exitCode = tally.report() > 0 ? 1 : 0;

/** Attacks one configuration after the other. The time that is left is shared by those that are left. */
async function work(): Promise<void> {
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const rounds = Math.ceil((queue.length + 1) / LANES);
    const site = { root, certificate, upstream: await startUpstream(), canaries: new Canaries() };
    await attackAll(next, site, performance.now() + Math.max(1000, (end - performance.now()) / rounds));
    await site.upstream.close();
    site.canaries.remove();
  }
}

/** Starts a configuration and attacks it until its time is up. */
async function attackAll(configuration: Configuration, site: Site, until: number): Promise<void> {
  const plan = await configuration.plan(site);
  if (typeof plan === 'string') {
    tally.leaveOut(configuration.name, plan);
    return;
  }
  const started: Target[] = [];
  const fails = await tally.note(
    plan.name,
    'the start',
    undefined,
    async () => void started.push(await Target.start(plan)),
  );
  if (fails) return;
  let [target] = started;
  const suitable = ATTACKS.filter(
    (attack) => attack.suits(target) && (only === '' || only.endsWith(`/${attack.name}`) || only === plan.name),
  );
  if (values.try === undefined) {
    for (let number = 0, passedOver = 0; passedOver < suitable.length; number++) {
      // Each kind once in a round, in another order each time.
      const round = Math.floor(number / suitable.length);
      const attack = new Random(`${seed}/${plan.name}/${round}`).shuffle(suitable)[number % suitable.length];
      const fits = performance.now() + 500 * attack.seconds < until;
      passedOver = fits ? 0 : passedOver + 1;
      if (fits && (await succeeds(attack, target, number))) target = await restart(target);
    }
  } else for (const attack of suitable) await succeeds(attack, target, Number(values.try));
  await tally.note(plan.name, 'what is left', undefined, () => target.settle());
  if (await tally.note(plan.name, 'the end', undefined, () => target.end())) target.kill();
}

async function restart(target: Target): Promise<Target> {
  target.kill();
  return Target.start(target.plan);
}

/** Tries an attack once. Resolves to true if the target gave way. */
function succeeds(attack: Attack, target: Target, number: number): Promise<boolean> {
  const { name } = target.plan;
  if (target.plan.upstream !== undefined) target.plan.upstream.asked.length = 0;
  return tally.note(name, attack.name, number, () =>
    attack.run(target, new Random(`${seed}/${name}/${attack.name}/${number}`)),
  );
}
