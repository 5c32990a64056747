/** `prometheus [ADDRESS] { namespace NAME }`: metrics for Prometheus. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { once } from '../arguments.js';
import { readHttpAddress } from '../http-endpoint.js';
import type { PrometheusConfig } from './exporter.js';
import { RequestRecorder } from './recorder.js';

/** See the file's head. */
export const prometheus: DirectiveDefinition<PrometheusConfig> = {
  name: 'prometheus',
  setup: {
    configure(uses) {
      const use = once(uses);
      const [text = 'localhost:9153'] = use.arguments(0, 1) as (string | undefined)[];
      const namespace = use.block.map(readNamespace).at(-1) ?? 'coredns';
      return { address: readHttpAddress(use, text), namespace };
    },
    dependsOn: [],
    start: (_, runtime) => new RequestRecorder(runtime),
    // What it needs to show metrics is loaded only when somebody wants to see them.
    serve: async (configs, runtime) => (await import('./exporter.js')).Exporter.open(configs, runtime),
  },
};

function readNamespace(line: DirectiveReader): string {
  if (line.name !== 'namespace') throw line.error(`unknown option '${line.name}'`);
  line.refuseBlock();
  const [name] = line.arguments(1);
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
    throw line.error(`not the start of a metric's name: ${JSON.stringify(name)}`);
  return name;
}
