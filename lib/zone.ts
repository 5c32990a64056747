/**
 * `multisocket/zone`: zones in memory, read from zone files, that answer queries and can be changed.
 *
 * @packageDocumentation
 */
export { parseZone, readZone, type ParseZoneOptions, type ReadZoneOptions } from './zone/read-zone.js';
export { Zone, type LookupOptions } from './zone/zone.js';
export type { SignedIndex, ZoneImage } from './zone/zone-image.js';
export type { ZoneAnswer } from './zone/zone-answer.js';
export type { Change, Prerequisite } from './dns/update.js';
export type { PrerequisiteRcode } from './zone/prerequisites.js';
export type { UpdateOptions, ZoneDifference } from './zone/update.js';
export type { UpdateError } from './zone/update-error.js';
