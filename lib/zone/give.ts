import type { Reply } from '../message/reply.js';
import type { ZoneAnswer } from './zone-answer.js';

/** Fills a reply with a zone's answer. */
export function give(reply: Reply, found: ZoneAnswer): void {
  const { rcode, authoritative, answer, authority, additional } = found;
  reply.rcode = rcode;
  reply.authoritative = authoritative;
  if (answer.length > 0) reply.answer(...answer);
  if (authority.length > 0) reply.authority(...authority);
  if (additional.length > 0) reply.additional(...additional);
}
