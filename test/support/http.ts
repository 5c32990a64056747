/** HTTP for tests. */

/** Asks 127.0.0.1; returns status and body. */
export async function get(port: number, path: string, method = 'GET'): Promise<[status: number, body: string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return [response.status, await response.text()];
}
