/** The time as HTTP writes it (RFC 9110 s.5.6.7), which every response has to say (s.6.6.1). */

let second = -1;
let text = '';

/** Now, such as `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return text;
}
