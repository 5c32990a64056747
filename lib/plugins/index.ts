/** Registers the directives of this library; their order in the chain is CHAIN_ORDER's. */
import { registerDirective } from '../corefile/registry.js';
import { bind } from './bind/setup.js';
import { file } from './file/setup.js';
import { multisocket } from './multisocket/setup.js';

registerDirective(bind);
registerDirective(file);
registerDirective(multisocket);
