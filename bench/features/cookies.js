import { questions as plain } from '../zone.js';

export const label = 'cookies (RFC 7873), the client sends one';
export const load = 'udp-bursts';
export const options = () => ({ off: {}, on: { cookies: {} } });

/** A query with an OPT record that has a client cookie. */
function withCookie(query) {
  const opt = Buffer.from([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
  const message = Buffer.concat([query, opt]);
  message.writeUInt16BE(1, 10); // ARCOUNT
  return message;
}
const asked = plain.map(withCookie);
export const questions = { off: asked, on: asked };
