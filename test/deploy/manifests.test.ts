import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import '../../dist/directives/index.js';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));

/** A kind of manifest, which checks one against Kubernetes' own schema of it. */
interface Kind {
  new (manifest: object): { validate(): void };
  apiVersion: string;
}
// Not by import: its types are not what TypeScript accepts with `exactOptionalPropertyTypes`.
const load = createRequire(import.meta.url) as (module: string) => Record<string, Kind>;
const { ConfigMap, Service } = load('kubernetes-models/v1');
const { DaemonSet, Deployment } = load('kubernetes-models/apps/v1');
const { PodDisruptionBudget } = load('kubernetes-models/policy/v1');
const kinds = { ConfigMap, DaemonSet, Deployment, PodDisruptionBudget, Service };

interface Manifest {
  kind: keyof typeof kinds;
  apiVersion: string;
  metadata: { namespace: string };
  [field: string]: unknown;
}

interface PodSpec {
  terminationGracePeriodSeconds: number;
  containers: {
    ports: { name: string; containerPort: number; protocol: string }[];
    livenessProbe: { httpGet: { path: string; port: number } };
    readinessProbe: { httpGet: { path: string; port: number } };
  }[];
}

const files = readdirSync(`${deploy}kubernetes`);
const read = (file: string): Manifest => parse(readFileSync(`${deploy}kubernetes/${file}`, 'utf8')) as Manifest;
const validate = (manifest: Manifest): void => {
  const kind = kinds[manifest.kind];
  assert.equal(manifest.apiVersion, kind.apiVersion);
  new kind(manifest).validate();
};

describe('the manifests for Kubernetes', () => {
  it('are of all the kinds', () => {
    assert.deepEqual(files.map((file) => read(file).kind).sort(), Object.keys(kinds).sort());
  });

  for (const file of files) {
    it(`${file} fits its schema`, () => {
      validate(read(file));
    });
  }

  it('would be seen not to fit', () => {
    const wrong = read('deployment.yaml');
    (wrong.spec as { replicas: unknown }).replicas = 'three';
    assert.throws(() => {
      validate(wrong);
    }, /replicas/);
  });

  it('ask and serve at the ports of the Corefile, and leave it the time that it wants to end', () => {
    const { data } = read('configmap.yaml') as unknown as { data: { Corefile: string } };
    // That it is one: the parser has no objection.
    loadCorefile(data.Corefile);
    const portOf = (pattern: RegExp): number => Number(pattern.exec(data.Corefile)?.[1]);
    const lameduck = portOf(/lameduck (\d+)s/);
    for (const file of ['deployment.yaml', 'daemonset.yaml']) {
      const { template } = read(file).spec as { template: { spec: PodSpec } };
      const { containers, terminationGracePeriodSeconds } = template.spec;
      const [{ ports, livenessProbe, readinessProbe }] = containers;
      assert.deepEqual(livenessProbe.httpGet, { path: '/health', port: portOf(/health :(\d+)/) });
      assert.deepEqual(readinessProbe.httpGet, { path: '/ready', port: portOf(/ready :(\d+)/) });
      const dns = ports.filter(({ containerPort }) => containerPort === portOf(/^\.:(\d+)/m));
      assert.deepEqual(dns.map(({ protocol }) => protocol).sort(), ['TCP', 'UDP']);
      assert.ok(terminationGracePeriodSeconds > lameduck + 5);
    }
  });

  it('send names of the cluster to its DNS, since pods with dnsPolicy: Default have the resolvers of the node', () => {
    const { data } = read('configmap.yaml') as unknown as { data: { Corefile: string } };
    const { blocks } = loadCorefile(data.Corefile);
    const upstreamsOf = (zone: string): string => {
      const block = blocks.find(({ zones }) => zones.some((key) => key.zone === zone));
      return JSON.stringify(block?.directives.find(({ name }) => name === 'forward')?.config);
    };
    for (const zone of ['cluster.local', 'in-addr.arpa', 'ip6.arpa']) assert.match(upstreamsOf(zone), /10\.96\.0\.10/);
    for (const file of ['deployment.yaml', 'daemonset.yaml']) {
      const { template } = read(file).spec as { template: { spec: { dnsPolicy: string } } };
      assert.equal(template.spec.dnsPolicy, 'Default');
    }
  });

  it('take no port of the node that is that of multicast DNS', () => {
    for (const file of files)
      assert.doesNotMatch(readFileSync(`${deploy}kubernetes/${file}`, 'utf8'), /hostPort: 5353/);
  });

  it('select the pods that there are', () => {
    const labels = (read('deployment.yaml').spec as { template: { metadata: { labels: object } } }).template.metadata
      .labels;
    assert.deepEqual((read('service.yaml').spec as { selector: object }).selector, labels);
    const budget = read('poddisruptionbudget.yaml').spec as { selector: { matchLabels: object } };
    assert.deepEqual(budget.selector.matchLabels, labels);
  });
});

describe('the units for systemd', () => {
  it('are what systemd-analyze verifies', function () {
    try {
      execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
    } catch {
      this.skip();
    }
    const units = ['multisocket.socket', 'multisocket.service'].map((name) => `${deploy}systemd/${name}`);
    execFileSync('systemd-analyze', ['verify', '--man=no', ...units], { stdio: 'pipe' });
  });
});
