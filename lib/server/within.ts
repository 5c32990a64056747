/** Resolves when all of `promises`, which never reject, have resolved, or after `timeout` ms. */
export async function within(timeout: number, promises: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout);
  });
  await Promise.race([Promise.all(promises), bound]);
  clearTimeout(timer);
}
