/** Environment variables by name, as `process.env` is. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Replaces references to the environment, `{$NAME}` and `{%NAME%}`, by their values; by nothing if a variable is not
 * set. A value is text: it is not split into tokens, and references or braces in it have no effect.
 */
export function replaceEnvironment(text: string, environment: Environment): string {
  return text.replaceAll(
    /\{%([^{}%]+)%\}|\{\$([^{}]+)\}/g,
    (_, percent: string | undefined, dollar: string | undefined) => {
      const name = percent ?? dollar ?? '';
      // `process.env` also has the properties that every object inherits.
      return (Object.hasOwn(environment, name) ? environment[name] : undefined) ?? '';
    },
  );
}
