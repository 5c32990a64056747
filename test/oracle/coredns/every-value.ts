/** Corefiles that try each argument and option of a directive with each of its values, one at a time. */
import type { GeneratedCorefile } from './corefiles.js';
import { DIRECTIVES, VALUES } from './directives.js';

const KIND = /<(\w+)>/g;

/** All of them. */
export function everyValue(): GeneratedCorefile[] {
  return Object.entries(DIRECTIVES).flatMap(([directive, { heads, lines }]) => {
    const key = directive === 'tls' ? 'tls://.:0' : '.';
    const bodies = [
      ...heads.flatMap((head) => [...filled(head), ...withMore(head, `${directive} ${usual(head)}`)]),
      ...lines.flatMap((line) =>
        [...filled(line), ...withMore(line)].map((each) => `${usual(heads[0])} {\n    ${each}\n  }`),
      ),
    ];
    const texts = new Set(bodies.map((body) => `${key} {\n  ${directive} ${body}\n}\n`));
    return [...texts].map((text) => ({ directive, text, environment: {} }));
  });
}

/** The form with the first good value of each kind. */
function usual(form: string): string {
  return form.replaceAll(KIND, (_, kind: string) => VALUES[kind].good[0]);
}

/** The form with each value of each of its kinds, the other kinds as in {@link usual}. */
function filled(form: string): string[] {
  const kinds = [...form.matchAll(KIND)].map(([, kind]) => kind);
  return kinds.flatMap((kind, place) =>
    [...VALUES[kind].good, ...VALUES[kind].bad].map((value) => {
      let at = 0;
      return form.replaceAll(KIND, (_, other: string) => (at++ === place ? value : VALUES[other].good[0]));
    }),
  );
}

/** The form as it is, with one argument more, with three more, with braces, and with `again` on the next line. */
function withMore(form: string, again = usual(form)): string[] {
  const text = usual(form);
  return [text, `${text} x`, `${text} x y z`, `${text} {\n }`, `${text}\n  ${again}`];
}
