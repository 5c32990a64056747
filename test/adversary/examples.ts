/** What is known of each program in examples/. */
import { answers, type controlOf } from './control.js';
import type { Plan, Trait } from './target.js';

/** The key of the examples that transfer zones. */
export const EXAMPLE_KEY = { name: 'example-key', secret: Buffer.from('an adversary knows it').toString('base64') };

/** What is known of an example. */
export interface Example {
  control: Parameters<typeof controlOf>[1];
  traits?: Trait[];
  transfers?: Plan['transfers'];
}

/** The control question of each example, and what it can be attacked in. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  whoami: { control: answers.rcode('NOERROR'), traits: ['client-in-answer'] },
  authoritative: { control: answers.data('www.example.org', 'AAAA', '2001:db8:0:0:0:0:0:80') },
  'block-list': { control: answers.upstream, traits: ['forward'] },
  closures: { control: answers.count },
  'dynamic-primary': {
    control: answers.data('www.example.org', 'A', '192.0.2.80'),
    transfers: { zone: 'example.org', key: EXAMPLE_KEY },
  },
  'zone-primary': {
    control: answers.data('www.example.org', 'A', '192.0.2.80'),
    transfers: { zone: 'example.org', key: EXAMPLE_KEY },
  },
  'doh-gateway': { control: answers.upstream, traits: ['forward'] },
  'own-directive': { control: answers.count, traits: ['log'] },
  'split-horizon': { control: answers.data('www.example.org', 'A', '10.0.0.80'), traits: ['client-in-answer'] },
  sqlite: { control: answers.rcode('NXDOMAIN') },
};

/** The examples that are left out, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'ad-blocker': 'its upstream speaks HTTPS',
  'doh-behind-nginx': 'it takes HTTP of a proxy alone',
};
