import { OPT_FIXED_SIZE } from '../dns/numbers.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import type { MessageSigner } from '../message/tsig-signer.js';
import { COOKIE_OPTION_SIZE, ReplyEncoder } from './reply-encoder.js';

/**
 * A {@link ReplyEncoder} that signs the replies to signed queries, after OPT, cookie and padding. The room of the signature
 * is reserved, so that a reply is truncated before it (RFC 8945 s.5.3).
 */
export class SigningEncoder extends ReplyEncoder {
  override encode(query: Query, reply: Reply, target: Buffer, offset: number): number {
    const signer = this.#signerOf(query, reply);
    const length = super.encode(query, reply, target, offset, signer?.size);
    return signer === undefined || length === 0 ? length : signer.sign(target, offset, length);
  }

  /** Each message of a stream is signed (RFC 8945 s.5.3.1). */
  override encodeMessage(query: Query, message: Reply, target: Buffer, offset: number): number {
    const signer = this.#signerOf(query, message);
    const length = super.encodeMessage(query, message, target, offset, signer?.size);
    return signer?.sign(target, offset, length) ?? length;
  }

  /** A refusal repeats the names in the query, which may leave no room for the question. It is then not added. */
  #signerOf(query: Query, reply: Reply): MessageSigner | undefined {
    const signer = query.signature?.signer;
    if (signer === undefined) return undefined;
    const least = query.questionEnd + OPT_FIXED_SIZE + COOKIE_OPTION_SIZE;
    return this.limitOf(query, reply) - signer.size < least ? undefined : signer;
  }
}
