/** The date of a response (RFC 9110 s.6.6.1), as HTTP writes it (s.5.6.7). */

let second = -1;
let text = '';

/** The time now, such as `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return text;
}
