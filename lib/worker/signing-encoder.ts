import { OPT_FIXED_SIZE } from '../dns/numbers.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { COOKIE_OPTION_SIZE, ReplyEncoder } from './reply-encoder.js';

/** A {@link ReplyEncoder} that signs the replies to signed queries (RFC 8945 s.5.3): after OPT, cookie and padding. */
export class SigningEncoder extends ReplyEncoder {
  protected override write(query: Query, reply: Reply, target: Buffer, offset: number): number {
    const length = super.write(query, reply, target, offset);
    const signer = query.signature?.signer;
    if (signer === undefined || super.limitOf(query, reply) - length < signer.size) return length;
    return signer.sign(target, offset, length);
  }

  /** Each message of a stream is signed (RFC 8945 s.5.3.1). */
  override encodeMessage(query: Query, message: Reply, target: Buffer, offset: number): number {
    const length = super.encodeMessage(query, message, target, offset);
    return query.signature?.signer.sign(target, offset, length) ?? length;
  }

  /** The room of the signature is reserved, so that a reply is truncated before it (RFC 8945 s.5.3). */
  protected override limitOf(query: Query, reply: Reply): number {
    const limit = super.limitOf(query, reply);
    const size = query.signature?.signer.size ?? 0;
    // A refusal repeats the names in the query, which may leave no room for the question. It is then not added.
    const rest = limit - size;
    return rest < query.questionEnd + OPT_FIXED_SIZE + COOKIE_OPTION_SIZE ? limit : rest;
  }
}
