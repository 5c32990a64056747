/** Explains directives that are not supported. */
import { nearest } from '../nearest.js';

/** Directives of CoreDNS v1.15.0 that are not supported. */
const COREDNS = new Set(
  (
    'autopath azure cancel clouddns debug dns64 dynupdate erratic etcd geoip grpc grpc_server ' +
    'https https3 k8s_external kubernetes metadata nomad on pprof quic root route53 ' +
    'shed siit trace view'
  ).split(' '),
);

/** Directives of external directives that can be built into CoreDNS. */
const EXTERNAL = new Set(
  (
    'ads alias alternate amazondns blocklist demo dnsredir docker dump ens fanout federation finalize gathersrv git gslb ' +
    'idetcd ipecho ipin k8s_crd k8s_event k8s_gateway kubenodes kubernetai lighthouse mdns meshname meship multicluster ' +
    'mysql netbox pdsql policy proxy records recursor redis redisc s3 split tailscale unbound v4only warnlist wgsd'
  ).split(' '),
);

/** `Unknown directive 'x'`, in CoreDNS's words, with what it is or which of `known` is probably meant. */
export function unknownDirective(name: string, known: readonly string[]): string {
  const unknown = `Unknown directive '${name}'`;
  if (COREDNS.has(name)) {
    return `${unknown}: CoreDNS has it (https://coredns.io/plugins/${name}/), multisocket has not; remove it, or forward to a CoreDNS`;
  }
  if (EXTERNAL.has(name)) {
    return `${unknown}: it is an external plugin of CoreDNS (https://coredns.io/explugins/${name}/), which multisocket has not`;
  }
  const meant = nearest(name, known);
  return meant === undefined ? unknown : `${unknown}, did you mean '${meant}'?`;
}
