/** Rules whose tests stand in other files: `file` from the project's folder, `test` as its title is written there. */

/** See the file's head. */
export interface Elsewhere {
  rfc: number;
  section: string;
  rule: string;
  file: string;
  test: string;
}

export const ELSEWHERE: readonly Elsewhere[] = [
  {
    rfc: 8482,
    section: '4.2',
    rule: 'with the directive any, ANY gets a made-up HINFO',
    file: 'test/plugins/small.test.ts',
    test: 'ANY obsoleted',
  },
];
