/** Compares which Corefiles each server accepts. */
import { generateCorefile, type GeneratedCorefile } from './corefiles.js';
import { IN_USE } from './in-use.js';
import { Random } from './random.js';
import { ourVerdict, theirVerdict, type Verdict } from './verdicts.js';

/** A Corefile that one accepts and the other does not. */
export interface VerdictDifference extends GeneratedCorefile {
  ours: Verdict;
  theirs: Verdict;
}

/** The Corefiles about a directive. */
export interface VerdictCount {
  corefiles: number;
  /** Accepted by both. */
  accepted: number;
  differences: VerdictDifference[];
}

/** How many instances of CoreDNS run at a time. */
const AT_A_TIME = 3;

/** `count` Corefiles by chance, and those in use. */
export function chosenByChance(count: number, seed: number): GeneratedCorefile[] {
  const random = new Random(seed);
  return [
    ...Array.from({ length: count }, (_, index) => generateCorefile(random, index)),
    ...Object.values(IN_USE).map((text) => ({ directive: '(in use)', text, environment: {} })),
  ];
}

/** Gives the Corefiles to both; the result is by directive. The working directory has the files that they name. */
export async function compareVerdicts(
  program: string,
  corefiles: GeneratedCorefile[],
): Promise<Map<string, VerdictCount>> {
  const counts = new Map<string, VerdictCount>();
  const compare = async (): Promise<void> => {
    for (let corefile = corefiles.pop(); corefile !== undefined; corefile = corefiles.pop()) {
      const theirs = await theirVerdict(program, process.cwd(), corefile);
      const ours = await ourVerdict(corefile);
      const counted = counts.get(corefile.directive) ?? { corefiles: 0, accepted: 0, differences: [] };
      counts.set(corefile.directive, counted);
      counted.corefiles++;
      if (ours === undefined && theirs === undefined) counted.accepted++;
      if ((ours === undefined) !== (theirs === undefined)) counted.differences.push({ ...corefile, ours, theirs });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, compare));
  return new Map([...counts].sort(([a], [b]) => a.localeCompare(b)));
}
