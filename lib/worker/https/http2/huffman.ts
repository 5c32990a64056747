/** Decodes the Huffman code of HPACK (RFC 7541 s.5.2), four bits at a time. */

/**
 * The length in bits of each octet's code, and last of the code for the end of a string, as digits of base 36 (RFC 7541
 * appendix B). The lengths determine the codes: codes of one length count up in the order of their octets, and shorter codes
 * come before longer ones.
 */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss' +
  '6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6' +
  'f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnno' +
  'mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrr' +
  'koklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';
const END = 256;
/** Bits at the end of a string that fill its last octet. They are the start of the end's code, which is all ones. */
const MAX_PADDING = 7;
/** The place after bits that are invalid in a string: those of the end's code. */
const NOWHERE = -1;
/** These bits complete no octet. */
const NONE = -1;

/** A node of the tree of codes: a place between two bits. The root stands before the first bit. */
interface Place {
  number: number;
  /** Where each next bit leads: to another place, or to an octet. */
  next: (Place | number | undefined)[];
  /** Whether a string may end here. */
  final: boolean;
}

const places = makePlaces();
/** For each place and the next four bits: the place after them, and the octet that they complete. */
const [nextPlace, octets] = makeSteps(places);

/**
 * Decodes the octets of `bytes` from `start` to `end` into `out`, which must have room for 8 octets for each 5. Returns their
 * number, or -1 if the code is invalid.
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let place = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const octet = bytes[at];
    for (const bits of [octet >> 4, octet & 15]) {
      const step = (place << 4) | bits;
      place = nextPlace[step];
      if (place === NOWHERE) return -1;
      if (octets[step] !== NONE) out[length++] = octets[step];
    }
  }
  return places[place].final ? length : -1;
}

function makePlaces(): Place[] {
  const made: Place[] = [];
  const make = (final: boolean): Place => {
    const place = { number: made.length, next: [], final };
    made.push(place);
    return place;
  };
  const root = make(true);
  const order = Array.from(LENGTHS, (digit, octet) => ({ octet, length: parseInt(digit, 36) })).sort(
    (a, b) => a.length - b.length || a.octet - b.octet,
  );
  let code = 0;
  let last = order[0].length;
  for (const { octet, length } of order) {
    code *= 2 ** (length - last);
    last = length;
    let place = root;
    for (let bit = length - 1; bit > 0; bit--) {
      const ones = code >>> bit === 2 ** (length - bit) - 1;
      const next = (place.next[(code >>> bit) & 1] ??= make(ones && length - bit <= MAX_PADDING));
      place = next as Place; // no code is the beginning of another
    }
    place.next[code & 1] = octet;
    code++;
  }
  return made;
}

function makeSteps(all: Place[]): [Int16Array, Int16Array] {
  const next = new Int16Array(all.length << 4).fill(NOWHERE);
  const complete = new Int16Array(all.length << 4).fill(NONE);
  for (const from of all) {
    for (let bits = 0; bits < 16; bits++) {
      const step = (from.number << 4) | bits;
      let place = from;
      let ended = false;
      for (let bit = 3; bit >= 0; bit--) {
        const reached = place.next[(bits >> bit) & 1];
        if (typeof reached === 'object') place = reached;
        else {
          // Four bits complete one octet at most: the shortest code has five.
          if (reached === END || reached === undefined) ended = true;
          else complete[step] = reached;
          place = all[0];
        }
      }
      if (!ended) next[step] = place.number;
    }
  }
  return [next, complete];
}
