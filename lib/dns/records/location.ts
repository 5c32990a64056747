/** LOC: a place on Earth (RFC 1876). */
import { invalid, type TextReader } from '../text/reader.js';
import { octets, type Field, type RecordCodec } from './codec.js';

interface Location {
  /** Centimetres. */
  size: number;
  horizontal: number;
  vertical: number;
  /** Thousandths of a second of arc, north and east being positive. */
  latitude: number;
  longitude: number;
  /** Centimetres above the reference ellipsoid. */
  altitude: number;
}

/** A latitude or longitude of 0 on the wire. */
const EQUATOR = 2 ** 31;
/** An altitude of 0 on the wire, in centimetres. */
const SEA_LEVEL = 10_000_000;
/** The defaults of size and precision in text, in centimetres (RFC 1876 s.3). */
const DEFAULTS = { size: 100, horizontal: 1_000_000, vertical: 1000 };
const MAX_SIZE = 9_000_000_000;

const location: Field<Location> = {
  read(reader) {
    const version = reader.u8();
    if (version !== 0) throw new Error(`unknown version ${version} of LOC`);
    const [size, horizontal, vertical] = [readSize(reader.u8()), readSize(reader.u8()), readSize(reader.u8())];
    const [latitude, longitude] = [reader.u32() - EQUATOR, reader.u32() - EQUATOR];
    return { size, horizontal, vertical, latitude, longitude, altitude: reader.u32() - SEA_LEVEL };
  },
  write(writer, { size, horizontal, vertical, latitude, longitude, altitude }) {
    writer.u8(0);
    for (const length of [size, horizontal, vertical]) writer.u8(sizeOctet(length));
    writer.u32(latitude + EQUATOR);
    writer.u32(longitude + EQUATOR);
    writer.u32(altitude + SEA_LEVEL);
  },
  parse(text) {
    const latitude = parseAngle(text, 'latitude', 90, 'N', 'S');
    const longitude = parseAngle(text, 'longitude', 180, 'E', 'W');
    const altitude = parseMetres(text, 'altitude', -SEA_LEVEL, 2 ** 32 - 1 - SEA_LEVEL);
    const size = text.atEnd ? DEFAULTS.size : parseMetres(text, 'size', 0, MAX_SIZE);
    const horizontal = text.atEnd ? DEFAULTS.horizontal : parseMetres(text, 'horizontal precision', 0, MAX_SIZE);
    const vertical = text.atEnd ? DEFAULTS.vertical : parseMetres(text, 'vertical precision', 0, MAX_SIZE);
    return { size, horizontal, vertical, latitude, longitude, altitude };
  },
  print: ({ size, horizontal, vertical, latitude, longitude, altitude }) =>
    [
      printAngle(latitude, 'N', 'S'),
      printAngle(longitude, 'E', 'W'),
      ...[altitude, size, horizontal, vertical].map((centimetres) => `${(centimetres / 100).toFixed(2)}m`),
    ].join(' '),
};

/** `DEGREES [MINUTES [SECONDS]] HEMISPHERE`, in thousandths of a second. */
function parseAngle(text: TextReader, what: string, most: number, positive: string, negative: string): number {
  const words: string[] = [];
  for (;;) {
    const word = text.word(`the hemisphere of the ${what}`);
    words.push(word);
    if (/^[a-z]/i.test(word) || words.length > 3) break;
  }
  const shown = words.join(' ');
  const hemisphere = words.pop()?.toUpperCase();
  const [degrees, minutes = '0', seconds = '0'] = words;
  const value = (Number(degrees) * 60 + Number(minutes)) * 60_000 + Math.round(Number(seconds) * 1000);
  const isValid =
    (hemisphere === positive || hemisphere === negative) &&
    /^\d+ \d+ \d+(?:\.\d{1,3})?$/.test(`${degrees} ${minutes} ${seconds}`) &&
    Number(minutes) < 60 &&
    Number(seconds) < 60 &&
    value <= most * 3_600_000;
  if (!isValid)
    throw invalid(what, shown, `DEGREES [MINUTES [SECONDS]] ${positive}|${negative}, at most ${most} degrees`);
  return hemisphere === positive ? value : -value;
}

function printAngle(value: number, positive: string, negative: string): string {
  const size = Math.abs(value);
  const [degrees, minutes] = [Math.floor(size / 3_600_000), Math.floor(size / 60_000) % 60];
  return `${degrees} ${minutes} ${((size % 60_000) / 1000).toFixed(3)} ${value < 0 ? negative : positive}`;
}

/** Metres with or without `m`, in centimetres. */
function parseMetres(text: TextReader, what: string, least: number, most: number): number {
  const word = text.word(`the ${what}`);
  const centimetres = Math.round(Number(word.replace(/m$/i, '')) * 100);
  if (!/^-?\d+(?:\.\d{1,2})?m?$/i.test(word) || centimetres < least || centimetres > most) {
    throw invalid(what, word, `${least / 100}m to ${most / 100}m`);
  }
  return centimetres;
}

/** A length as one octet: four bits for a digit and four for the power of ten to multiply it by (RFC 1876 s.2). */
function sizeOctet(centimetres: number): number {
  let power = 0;
  while (centimetres >= 10 ** (power + 1)) power++;
  return (Math.floor(centimetres / 10 ** power) << 4) | power;
}

function readSize(octet: number): number {
  if (octet >> 4 > 9 || (octet & 0x0f) > 9) throw new Error(`invalid size 0x${octet.toString(16)} of LOC`);
  return (octet >> 4) * 10 ** (octet & 0x0f);
}

/** The codecs of LOC and other types that hold places, by the name of the type. */
export const locationRecords: Readonly<Record<string, RecordCodec>> = {
  LOC: octets(['location', location]),
};
