/** `prometheus [ADDRESS] { namespace NAME; runtime_metrics }`: metrics for Prometheus. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { once } from '../arguments.js';
import { readHttpAddress } from '../http-endpoint.js';
import type { PrometheusConfig } from './exporter.js';
import { RequestRecorder } from './recorder.js';

/** The directive `prometheus`. */
export const prometheus: DirectiveDefinition<PrometheusConfig> = {
  name: 'prometheus',
  setup: {
    configure(uses) {
      const use = once(uses);
      const [text = 'localhost:9153'] = use.arguments(0, 1) as (string | undefined)[];
      const config: PrometheusConfig = {
        address: readHttpAddress(use, text),
        namespace: 'coredns',
        runtimeMetrics: false,
      };
      for (const line of use.block) readLine(line, config);
      return config;
    },
    dependsOn: [],
    everyOpcode: true,
    start: (_, runtime) => new RequestRecorder(runtime),
    // The exporter and its library are loaded only where the directive is used.
    serve: async (configs, runtime) => (await import('./exporter.js')).Exporter.open(configs, runtime),
  },
};

function readLine(line: DirectiveReader, config: PrometheusConfig): void {
  line.refuseBlock();
  if (line.name === 'runtime_metrics') {
    line.arguments(0);
    config.runtimeMetrics = true;
    return;
  }
  if (line.name === 'tls') throw line.error('tls is not supported: metrics are shown by HTTP alone');
  if (line.name !== 'namespace') throw line.error(`unknown option: ${line.name}`);
  const [name] = line.arguments(1);
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    throw line.error(`invalid start of a metric's name: ${JSON.stringify(name)}`);
  }
  config.namespace = name;
}
