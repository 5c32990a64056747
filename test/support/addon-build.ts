/** The build of the addon that the tests run with: undefined for the usual one (see `test/other-addon.sh`). */
const build = process.env.TEST_ADDON;

/** One without recvmmsg and sendmmsg. */
export const portable = build === 'build-portable';
/** One with a sanitizer, which has its own memory and takes its time. */
export const sanitized = build === 'build-address' || build === 'build-thread';

/** The environment of programs that do not load the addon, without the library of the sanitizer. */
export const foreign: NodeJS.ProcessEnv = { ...process.env, LD_PRELOAD: '' };

/** That of programs that become Node in the end: what they run with {@link becomeNode} has a sanitizer's library again. */
export const forerunner: NodeJS.ProcessEnv = { ...foreign, PRELOAD: process.env.LD_PRELOAD ?? '' };
/** For `sh -c`, with Node and its arguments behind it. */
export const becomeNode = 'LD_PRELOAD="$PRELOAD" exec "$0" "$@"';
