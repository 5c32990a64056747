/** Which build of the addon the tests have: the usual one, or one of `test/portable.sh` and `test/sanitized.sh`. */
const build = process.env.MULTISOCKET_PREBUILD ?? '';

/** One without recvmmsg and sendmmsg. */
export const portable = build.endsWith('build-portable');
/** One with a sanitizer, which has its own memory and takes its time. */
export const sanitized = build.endsWith('build-address') || build.endsWith('build-thread');

/** The environment of programs that do not load it: a sanitizer's library is none of their business. */
export const foreign: NodeJS.ProcessEnv = { ...process.env, LD_PRELOAD: '' };

/** That of programs that become Node in the end: what they run with {@link becomeNode} has a sanitizer's library again. */
export const forerunner: NodeJS.ProcessEnv = { ...foreign, PRELOAD: process.env.LD_PRELOAD ?? '' };
/** For `sh -c`, with Node and its arguments behind it. */
export const becomeNode = 'LD_PRELOAD="$PRELOAD" exec "$0" "$@"';
