import { addon } from '../native/addon.js';
import type { ZoneImage } from '../zone/zone-image.js';

/** The same image, whose large columns now are in huge pages where the system has them. Threads that read it may go on. */
export function inHugePages(image: ZoneImage): ZoneImage {
  for (const column of Object.values(image)) {
    if (!ArrayBuffer.isView(column)) continue;
    addon.useHugePages(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return image;
}
