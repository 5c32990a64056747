/** Asks both servers the same questions, and says which is right if they differ. */
import { spawn, type ChildProcess } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import { createServer } from 'multisocket';
import { freePort } from '../../support/free-port.js';
import { until } from '../../support/server.js';
import { Asker, type Answer } from './answers.js';
import { RULES } from './rules.js';
import { generateQuestion, type Question } from './questions.js';
import { Random } from './random.js';
import { writeSite } from './site.js';

/** Both answers to a question; undefined: there was none. */
export interface Exchange {
  question: Question;
  ours: Answer | undefined;
  theirs: Answer | undefined;
}

/** The differences that a rule explains. */
export interface RuleCount {
  count: number;
  example: Exchange;
}

/** What came of all questions. */
export interface AnswerReport {
  questions: number;
  same: number;
  /** By the name of the rule; a difference may need several. */
  explained: Map<string, RuleCount>;
  /** No rule says which server is right. */
  open: Exchange[];
}

const AT_A_TIME = 32;

/** Asks `count` questions. The working directory is where the files of the site are written. */
export async function compareAnswers(program: string, count: number, seed: number): Promise<AnswerReport> {
  const ports = { ours: await freePort(), theirs: await freePort() };
  const theirs = await startCoredns(program, writeSite(process.cwd(), 'Corefile.theirs', ports.theirs));
  const server = createServer({
    corefile: { path: writeSite(process.cwd(), 'Corefile.ours', ports.ours) },
    workers: 0,
  });
  // That a chain came to its end is an answer like others here.
  server.on('warning', () => undefined);
  await server.listen();
  const [us, them] = [await Asker.connect(ports.ours), await Asker.connect(ports.theirs)];
  const report: AnswerReport = { questions: count, same: 0, explained: new Map(), open: [] };
  const random = new Random(seed);
  let left = count;
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const question = generateQuestion(random);
      const [ours, other] = await Promise.all([us.ask(question), them.ask(question)]);
      classify({ question, ours, theirs: other }, report);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  us.close();
  them.close();
  theirs.kill('SIGKILL');
  await server.close();
  return report;
}

function classify(exchange: Exchange, report: AnswerReport): void {
  const { question, ours } = exchange;
  let { theirs } = exchange;
  const used = RULES.filter((rule) => {
    if (ours === undefined || theirs === undefined || isDeepStrictEqual(ours, theirs)) return false;
    const before = theirs;
    theirs = rule.settle({ question, ours, theirs });
    return !isDeepStrictEqual(before, theirs);
  });
  if (!isDeepStrictEqual(ours, theirs)) report.open.push(exchange);
  else if (used.length === 0) report.same++;
  else for (const { name } of used) count(report, name, exchange);
}

function count({ explained }: AnswerReport, name: string, example: Exchange): void {
  const known = explained.get(name) ?? { count: 0, example };
  explained.set(name, { ...known, count: known.count + 1 });
}

async function startCoredns(program: string, corefile: string): Promise<ChildProcess> {
  const child = spawn(program, ['-conf', corefile], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('CoreDNS-') || child.exitCode !== null, 'CoreDNS to serve');
  if (child.exitCode !== null) throw new Error(`CoreDNS does not serve: ${said}`);
  return child;
}
