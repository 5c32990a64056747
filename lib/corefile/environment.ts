/** `{$NAME}` and `{%NAME%}` in a token. */

/** Environment variables by name, as `process.env` is. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Replaces references to the environment by its values; by nothing where a variable is not set. What a value contains is
 * text: it is neither split into tokens nor looked at for references or braces.
 */
export function replaceEnvironment(text: string, environment: Environment): string {
  return text.replaceAll(
    /\{%([^{}%]+)%\}|\{\$([^{}]+)\}/g,
    (_, percent: string | undefined, dollar: string | undefined) => {
      const name = percent ?? dollar ?? '';
      // `process.env` has what any object inherits.
      return (Object.hasOwn(environment, name) ? environment[name] : undefined) ?? '';
    },
  );
}
