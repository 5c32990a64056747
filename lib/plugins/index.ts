/** Registers the directives of this library; their order in the chain is CHAIN_ORDER's. */
import { registerDirective } from '../corefile/registry.js';
import { acl } from './acl/setup.js';
import { any } from './any/setup.js';
import { bind } from './bind/setup.js';
import { bufsize } from './bufsize/setup.js';
import { cache } from './cache/setup.js';
import { file } from './file/setup.js';
import { hosts } from './hosts/setup.js';
import { loadbalance } from './loadbalance/setup.js';
import { forward } from './forward/setup.js';
import { loop } from './loop/setup.js';
import { multisocket } from './multisocket/setup.js';
import { rewrite } from './rewrite/setup.js';
import { template } from './template/setup.js';

registerDirective(acl);
registerDirective(any);
registerDirective(bind);
registerDirective(bufsize);
registerDirective(cache);
registerDirective(file);
registerDirective(hosts);
registerDirective(loadbalance);
registerDirective(forward);
registerDirective(loop);
registerDirective(multisocket);
registerDirective(rewrite);
registerDirective(template);
