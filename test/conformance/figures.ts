/** The results of long runs: test/conformance/figures.json, the source of the figures in docs/conformance.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../../test/conformance/figures.json', import.meta.url));

/** The results of long runs. */
export interface Figures {
  differential: {
    questions: number;
    /** By server: how many replies are the same, and how many differ in each class. */
    peers: Record<string, { same: number; classes: Record<string, number> }>;
    /** Of as many questions, asked twice: how many the cache answered. */
    cacheHits: number;
  };
  fuzz: { target: string; runs: number; seconds: number }[];
  flood: {
    messages: number;
    seconds: number;
    by: Record<string, number>;
    resident: number[];
    counters: Record<string, number>;
  };
  /** By what a server answers: octets sent and received, and the largest factor of one message. */
  reflection: Record<string, { messages: number; unanswered: number; sent: number; came: number; largest: number }>;
}

/** Reads them. */
export function readFigures(): Figures {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Figures;
}

/** Replaces some of them, when the variable RECORD_FIGURES is set. */
export function record<K extends keyof Figures>(key: K, change: (before: Figures[K]) => Figures[K]): void {
  if (process.env.RECORD_FIGURES === undefined) return;
  const figures = readFigures();
  figures[key] = change(figures[key]);
  writeFileSync(FILE, `${JSON.stringify(figures, undefined, 2)}\n`);
}
