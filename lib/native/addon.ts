/** The native addon, or its replacement. */
import type { Addon } from './addon-interface.js';
import { fallback } from './fallback/addon.js';
import { loadNative } from './load.js';

export type * from './addon-interface.js';
export type * from './cache.js';
export type * from './descriptor-channel.js';
export type * from './guard.js';
export type * from './layout.js';
export type * from './load-generator.js';
export type * from './query-log.js';
export type * from './proxy-protocol.js';
export type * from './sockets.js';
export type * from './stream-admission.js';
export type * from './tcp-endpoint.js';
export type * from './udp-client.js';
export type * from './udp-endpoint.js';
export type * from './zone-table.js';

const loaded = loadNative();

/** Why native code is missing, and {@link addon} is `lib/native/fallback/`; undefined if it is loaded. */
export const nativeMissing = loaded instanceof Error ? loaded : undefined;

/** The addon, or the replacement in JavaScript. */
export const addon: Addon = loaded instanceof Error ? fallback : loaded;
