/** A root hook of mocha: a test that fails leaves its server open, which would keep the run from ending. */
import { open } from './server.js';

export const mochaHooks = {
  async afterAll(): Promise<void> {
    await Promise.all([...open].map((server) => server.close({ timeout: 0 })));
  },
};
