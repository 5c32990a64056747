import { randomInt } from 'node:crypto';
import { escapeOctet, isEscaped, unescape } from '../dns/escapes.js';
import { isIn } from '../dns/names.js';
import { Column, Octets, sharedNumbers } from './columns.js';
import type { ZoneImage } from './zone-image.js';

/** The node of the zone's own name. */
export const TOP = 0;
/** The answer of look-ups that find nothing; no child has this number. */
export const NONE = 0;

/**
 * The fields of a node, which stand together, so that a step to a child takes one line of a CPU's cache. `next` is the next
 * node in the same row of the hash table, `label` the offset of its label's length, which the label's octets follow,
 * `children` the number of children that exist.
 */
const FIELD = { parent: 0, next: 1, label: 2, value: 3, children: 4 } as const;
const FIELDS = 5;

const FIRST_HEADS = 256;
/** The fewest rows of the hash table for a node: most nodes then are the first of their row. */
const ROWS_PER_NODE = 2;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const PRIME = 0x01000193;

/** The names of a zone in an image. */
type Names = Pick<ZoneImage, 'seed' | 'heads' | 'nodes' | 'labels'>;

/**
 * The names of a zone: a tree of labels, each a node with a number. Nodes are numbered in the order in which they were
 * added and keep their numbers. A node has a value, 0 for none. A name exists if it, or one below it, has a value.
 *
 * A node takes some 40 octets, its label included. Children are found by a hash table over all nodes, with the parent's
 * number and the label as its key. Labels are kept as octets in lower case.
 */
export class NameTree {
  readonly #origin: string;
  readonly #fields: Column;
  readonly #labels: Octets;
  #heads: Uint32Array;
  #count: number;
  /** Random, so that nobody can choose labels that share a row. */
  readonly #seed: number;

  /** `origin`: the zone's name, in lower case. `image`: its names; default: the origin alone, without a value. */
  constructor(origin: string, image?: Names) {
    this.#origin = origin;
    this.#fields = new Column(image?.nodes);
    this.#labels = new Octets(image?.labels);
    this.#heads = image?.heads ?? sharedNumbers(FIRST_HEADS);
    this.#count = image === undefined ? 1 : image.nodes.length / FIELDS;
    this.#seed = image?.seed ?? randomInt(0x7fffffff);
  }

  /** The names as they are in the memory of this object. */
  image(): Names {
    const nodes = this.#fields.first(this.#count * FIELDS);
    return { seed: this.#seed, heads: this.#heads, nodes, labels: this.#labels.all() };
  }

  /** Moves the names to memory that no image has. */
  unshare(): void {
    this.#fields.unshare();
    this.#labels.unshare();
    const heads = sharedNumbers(this.#heads.length);
    heads.set(this.#heads);
    this.#heads = heads;
  }

  /** The number of nodes. */
  get count(): number {
    return this.#count;
  }

  parent(node: number): number {
    return this.#get(node, FIELD.parent);
  }

  value(node: number): number {
    return this.#get(node, FIELD.value);
  }

  setValue(node: number, value: number): void {
    const before = this.exists(node);
    this.#set(node, FIELD.value, value);
    const step = value === 0 ? -1 : 1;
    // Each name above may begin or cease to exist with the one below it.
    for (let at = node, was = before; at !== TOP && this.exists(at) !== was;) {
      at = this.#get(at, FIELD.parent);
      was = this.exists(at);
      this.#set(at, FIELD.children, this.#get(at, FIELD.children) + step);
    }
  }

  exists(node: number): boolean {
    return this.#get(node, FIELD.value) !== 0 || this.#get(node, FIELD.children) !== 0;
  }

  /** Whether a name below the node exists. */
  hasChildren(node: number): boolean {
    return this.#get(node, FIELD.children) !== 0;
  }

  /** The length of the part of `name` before the dot of the origin, -1 for the origin itself; undefined outside of it. */
  relativeEnd(name: string): number | undefined {
    if (!isIn(name, this.#origin)) return undefined;
    if (this.#origin === '.') return name === '.' ? -1 : name.length;
    return name.length - this.#origin.length - 1;
  }

  /** The child of `parent` for the label of `name` from `start` to `end`; {@link NONE}: none. */
  child(parent: number, name: string, start: number, end: number): number {
    const label = plainLabel(name, start, end);
    if (label !== undefined) return this.#find(parent, label, 0, label.length);
    return this.#find(parent, name, start, end);
  }

  /** The node of a name in lower case, which is made with those above it; undefined outside of the zone. */
  add(name: string): number | undefined {
    let end = this.relativeEnd(name);
    if (end === undefined) return undefined;
    let node = TOP;
    while (end > 0) {
      const start = labelStart(name, end);
      node = this.#childOrNew(node, name, start, end);
      end = start - 1;
    }
    return node;
  }

  /** The node of a name in lower case; undefined if the tree has none, or the name does not exist. */
  at(name: string): number | undefined {
    let end = this.relativeEnd(name);
    if (end === undefined) return undefined;
    let node = TOP;
    while (end > 0) {
      const start = labelStart(name, end);
      node = this.child(node, name, start, end);
      if (node === NONE) return undefined;
      end = start - 1;
    }
    return this.exists(node) ? node : undefined;
  }

  /** The name of a node, in lower case and presentation form without the last dot. */
  nameOf(node: number): string {
    let name = '';
    for (let at = node; at !== TOP; at = this.#get(at, FIELD.parent)) name += `${this.#labelOf(at)}.`;
    if (this.#origin !== '.') return name + this.#origin;
    return name === '' ? '.' : name.slice(0, -1);
  }

  /** Writes the labels of a node below the origin in wire format, without the root's; returns their end. */
  writeLabels(node: number, target: Uint8Array, at: number): number {
    const { bytes } = this.#labels;
    let end = at;
    for (let of = node; of !== TOP; of = this.#get(of, FIELD.parent)) {
      const label = this.#get(of, FIELD.label);
      for (let i = 0; i <= bytes[label]; i++) target[end + i] = bytes[label + i];
      end += bytes[label] + 1;
    }
    return end;
  }

  /** The name of a child, from that of its parent. */
  nameBelow(node: number, parent: string): string {
    return parent === '.' ? this.#labelOf(node) : `${this.#labelOf(node)}.${parent}`;
  }

  /** The canonical order of two names with the same parent (RFC 4034 s.6.1): below 0 if `one` is the first. */
  compareLabels(one: number, other: number): number {
    const { bytes } = this.#labels;
    const [a, b] = [this.#get(one, FIELD.label), this.#get(other, FIELD.label)];
    const shorter = Math.min(bytes[a], bytes[b]);
    for (let i = 1; i <= shorter; i++) if (bytes[a + i] !== bytes[b + i]) return bytes[a + i] - bytes[b + i];
    return bytes[a] - bytes[b];
  }

  /** The octets of a node's label, in lower case. They share memory with this object. */
  label(node: number): Buffer {
    const { bytes } = this.#labels;
    const at = this.#get(node, FIELD.label);
    return bytes.subarray(at + 1, at + 1 + bytes[at]);
  }

  #labelOf(node: number): string {
    const { bytes } = this.#labels;
    const at = this.#get(node, FIELD.label);
    const label = bytes.toString('latin1', at + 1, at + 1 + bytes[at]);
    return /[^!-~]|[.\\]/.test(label) ? Array.from(label, (octet) => escapeOctet(octet.charCodeAt(0))).join('') : label;
  }

  #childOrNew(parent: number, name: string, start: number, end: number): number {
    const found = this.child(parent, name, start, end);
    if (found !== NONE) return found;
    const node = this.#count++;
    const label = plainLabel(name, start, end) ?? name.slice(start, end);
    const offset = this.#labels.reserve(label.length + 1);
    const { bytes } = this.#labels;
    bytes[offset] = label.length;
    for (let i = 0; i < label.length; i++) bytes[offset + 1 + i] = label.charCodeAt(i);
    this.#set(node, FIELD.parent, parent);
    this.#set(node, FIELD.label, offset);
    if (node * ROWS_PER_NODE >= this.#heads.length) this.#rehash();
    this.#link(node, this.#hash(parent, label, 0, label.length));
    return node;
  }

  #find(parent: number, text: string, start: number, end: number): number {
    const { bytes } = this.#labels;
    const length = end - start;
    const row = this.#hash(parent, text, start, end) & (this.#heads.length - 1);
    for (let node = this.#heads[row]; node !== NONE; node = this.#get(node, FIELD.next)) {
      if (this.#get(node, FIELD.parent) !== parent) continue;
      const offset = this.#get(node, FIELD.label);
      if (bytes[offset] !== length) continue;
      let same = 0;
      while (same < length && bytes[offset + 1 + same] === text.charCodeAt(start + same)) same++;
      if (same === length) return node;
    }
    return NONE;
  }

  #hash(parent: number, text: string, start: number, end: number): number {
    let hash = this.#seed ^ Math.imul(parent, 0x9e3779b1);
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME) ^ (hash >>> 13);
    return hash ^ (hash >>> 15);
  }

  #link(node: number, hash: number): void {
    const row = hash & (this.#heads.length - 1);
    this.#set(node, FIELD.next, this.#heads[row]);
    this.#heads[row] = node;
  }

  #get(node: number, field: number): number {
    return this.#fields.get(node * FIELDS + field);
  }

  #set(node: number, field: number, value: number): void {
    this.#fields.set(node * FIELDS + field, value);
  }

  /** Doubles the rows of the hash table. */
  #rehash(): void {
    this.#heads = sharedNumbers(2 * this.#heads.length);
    const { bytes } = this.#labels;
    for (let node = 1; node < this.#count - 1; node++) {
      const at = this.#get(node, FIELD.label);
      const label = bytes.toString('latin1', at + 1, at + 1 + bytes[at]);
      this.#link(node, this.#hash(this.#get(node, FIELD.parent), label, 0, label.length));
    }
  }
}

/** The start of the label of `name` that ends before `end`. */
export function labelStart(name: string, end: number): number {
  let dot = end - 1;
  while (dot >= 0 && (name.charCodeAt(dot) !== DOT || isEscaped(name, dot))) dot--;
  return dot + 1;
}

/** The octets of a label that has escapes; undefined without any. */
function plainLabel(name: string, start: number, end: number): string | undefined {
  for (let i = start; i < end; i++) if (name.charCodeAt(i) === BACKSLASH) return unescape(name.slice(start, end));
  return undefined;
}
