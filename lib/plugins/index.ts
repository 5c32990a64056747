/** Registers the directives of this library; their order in the chain is CHAIN_ORDER's. */
import { registerDirective } from '../corefile/registry.js';
import { bind } from './bind/setup.js';
import { errors } from './errors/setup.js';
import { file } from './file/setup.js';
import { health } from './health/setup.js';
import { log } from './log/setup.js';
import { multisocket } from './multisocket/setup.js';
import { prometheus } from './prometheus/setup.js';
import { ready } from './ready/setup.js';
import { reload } from './reload/setup.js';
import { timeouts } from './timeouts/setup.js';
import { tls } from './tls/setup.js';
import { whoami } from './whoami/setup.js';

registerDirective(bind);
registerDirective(errors);
registerDirective(file);
registerDirective(health);
registerDirective(log);
registerDirective(multisocket);
registerDirective(prometheus);
registerDirective(ready);
registerDirective(reload);
registerDirective(timeouts);
registerDirective(tls);
registerDirective(whoami);
