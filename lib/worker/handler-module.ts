/** Loads a user's handler module, or takes a function in its place. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AnswerCache, ZoneTable } from '../native/addon.js';
import { invalidValue } from '../errors.js';
import type { Endpoint } from '../message/batch.js';
import type { Handler, HandlerContext, HandlerModule } from '../message/handler.js';

/** Milliseconds that Node may take to check the syntax. */
const CHECK_TIME = 5000;

/** A handler that is ready to serve, and its clean-up. */
export interface LoadedHandler {
  handler: Handler;
  /** The caches that may answer in its place at one of our addresses and ports. */
  caches(local: Endpoint): readonly AnswerCache[];
  /** The zones that native code answers in its place there; undefined: those of the context. */
  zones(local: Endpoint): ZoneTable | undefined;
  /** Whether it checks the signatures of queries itself. */
  checksSignatures: boolean;
  close(): Promise<void>;
}

/**
 * Imports the module at `href`, runs its `setup` and returns its handler.
 *
 * Rejects with the error of the import or of `setup`, or with `ERR_INVALID_ARG_VALUE` if the default export is not a
 * function. A CommonJS module's `module.exports` may be the handler, or have it as `default`.
 */
export async function loadHandler(href: string, context: HandlerContext): Promise<LoadedHandler> {
  const imported = (await importModule(href)) as { default?: Handler | HandlerModule } & Partial<HandlerModule>;
  const inner = imported.default;
  const module: Partial<HandlerModule> = typeof inner === 'object' ? inner : imported;
  const handler = module.default;
  if (typeof handler !== 'function') throw invalidValue('filename', 'must have a handler as its default export', href);
  await module.setup?.(context);
  return {
    handler,
    caches: (local) => module.caches?.(local) ?? [],
    zones: (local) => module.zones?.(local),
    checksSignatures: module.checksSignatures?.() ?? false,
    close: async () => {
      await module.close?.();
    },
  };
}

/** Imports a module. A `SyntaxError` says in which file and line, which Node tells only when it prints the error itself. */
async function importModule(href: string): Promise<unknown> {
  try {
    return await import(/* webpackIgnore: true */ href);
  } catch (error) {
    if (error instanceof SyntaxError && href.startsWith('file:')) error.message += ` (${placeOfFault(href)})`;
    throw error;
  }
}

function placeOfFault(href: string): string {
  const file = fileURLToPath(href);
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: CHECK_TIME });
  return /^\S.*:\d+$/m.exec(stderr)?.[0] ?? `a module that ${file} imports`;
}
