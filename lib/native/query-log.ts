/** A worker's side of the query log: writes records to a ring that the owner reads. It never waits. */
export interface QueryLog {
  /**
   * Records a reply; an empty one: none is sent. `origin`: see `Addon.queryOrigin`. `words`: the length of the query's
   * header and question, its word `takenUp`, the response code, and 1 if a cache has answered, else 0.
   */
  record(query: Uint8Array, reply: Uint8Array, origin: Uint8Array, words: Uint32Array): void;
}
