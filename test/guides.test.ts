import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programsOf } from './support/guide-program.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The Markdown files of a folder and its subfolders, relative to the repository. */
const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

/** The text of a file without its fenced blocks, which show other programs' files. */
const proseOf = (file: string): string => readFileSync(join(root, file), 'utf8').replace(/^```.*?^```$/gms, '');

/** The relative links of a file: inline, by reference, and images. */
function linksOf(file: string): string[] {
  const text = proseOf(file).replace(/`[^`\n]*`/g, '');
  const inline = text.matchAll(/\]\(([^()\s]*)(?:\s+"[^"]*")?\)/g);
  const references = text.matchAll(/^\[[^\]\n]+\]:\s+(\S+)/gm);
  const html = text.matchAll(/\b(?:src|srcset|href)="([^"\s]+)/g);
  const all = [...inline, ...references, ...html].map(([, target]) => target);
  return all.filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));
}

/** The anchors that GitHub gives the headings of a file. */
function anchorsOf(file: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(file).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading]) => {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

/** Why a link leads nowhere; undefined: it leads somewhere. */
function faultOf(file: string, link: string): string | undefined {
  const [path, anchor] = link.split('#') as [string, string | undefined];
  const target = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)));
  if (target.startsWith('..') || !existsSync(join(root, target))) return `${file}: ${link}: no such file`;
  if (anchor === undefined || !target.endsWith('.md') || anchorsOf(target).includes(anchor)) return undefined;
  return `${file}: ${link}: no such heading`;
}

describe('the documentation', () => {
  it('names only paths of the repository that exist', () => {
    const named = [...markdownIn('docs/guides'), 'docs/conformance.md'].flatMap((file) =>
      [...proseOf(file).matchAll(/`((?:lib|native|test|docs|bench)\/[\w./-]*)`/g)].map(([, path]) => ({ file, path })),
    );
    assert.ok(named.length > 100, `only ${named.length} paths were found`);
    const missing = named.filter(({ path }) => !existsSync(join(root, path)));
    assert.deepEqual(missing, []);
  });

  it('has only relative links that resolve', () => {
    const files = [
      ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
      ...markdownIn('docs'),
      ...markdownIn('lib/directives'),
    ];
    const links = files.flatMap((file) => linksOf(file).map((link) => ({ file, link })));
    assert.ok(links.length > 50, `only ${links.length} links were found`);
    assert.deepEqual(
      links.map(({ file, link }) => faultOf(file, link)).filter((fault) => fault !== undefined),
      [],
    );
  });

  it('has a test of each guide with a program', () => {
    const guides = readdirSync(join(root, 'docs/guides')).filter((name) => name.endsWith('.md'));
    const withPrograms = guides.filter(
      (name) => programsOf(readFileSync(join(root, 'docs/guides', name), 'utf8')).size > 0,
    );
    const tested = (guide: string): boolean => existsSync(join(root, 'test/guides', guide.replace(/md$/, 'test.ts')));
    assert.deepEqual(
      withPrograms.filter((guide) => !tested(guide)),
      [],
    );
  });
});
