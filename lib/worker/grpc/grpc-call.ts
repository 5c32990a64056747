/** A unary call of gRPC over HTTP/2: reads its request and writes its answer. */
import { valuesOf } from '../https/http-request.js';
import type { Http2Stream } from '../https/http2/stream.js';

/** Status codes of gRPC that the server sends. */
export const grpcStatus = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

/** The end of a call that has no answer. */
export class GrpcFailure {
  /** `status`: one of {@link grpcStatus}; `message`: ASCII without `%`. */
  constructor(
    readonly status: number,
    readonly message: string,
  ) {}
}

const TYPE = 'application/grpc';
const ACCEPTS = { 'content-type': TYPE, 'grpc-accept-encoding': 'identity' } as const;
/** Octets in front of a message: whether it is compressed, and its length. */
export const PREFIX = 5;
/** Milliseconds in each unit of `grpc-timeout`. */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The HTTP status for a request that is not a gRPC call; undefined if it is one. */
export function httpFailure({ method, type = '' }: Http2Stream): number | undefined {
  if (method !== 'POST') return 405;
  return /^application\/grpc(\+proto)?\s*(;|$)/i.test(type) ? undefined : 415;
}

/** The milliseconds that a call may take. */
export function timeoutOf(call: Http2Stream): number | GrpcFailure {
  const text = valuesOf(call, 'grpc-timeout').at(-1);
  if (text === undefined) return Infinity;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if ((digits as string | undefined) === undefined) return new GrpcFailure(grpcStatus.internal, 'invalid grpc-timeout');
  return Number(digits) * UNITS[unit];
}

/** The only message in the body of a call. */
export function messageOf(call: Http2Stream, body: Buffer): Buffer | GrpcFailure {
  const encoding = valuesOf(call, 'grpc-encoding').at(-1) ?? 'identity';
  if (encoding !== 'identity') return new GrpcFailure(grpcStatus.unimplemented, 'messages must not be compressed');
  if (body.length < PREFIX || body.length < PREFIX + body.readUInt32BE(1))
    return new GrpcFailure(grpcStatus.internal, 'the body ends within a message');
  if (body[0] !== 0) return new GrpcFailure(grpcStatus.internal, 'a compressed message without grpc-encoding');
  if (body.length > PREFIX + body.readUInt32BE(1)) return new GrpcFailure(grpcStatus.internal, 'more than one message');
  return body.subarray(PREFIX);
}

/** Answers a call with a message. */
export function succeed(call: Http2Stream, message: Buffer): void {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  call.respondWithTrailer(200, ACCEPTS, Buffer.concat([prefix, message]), { 'grpc-status': grpcStatus.ok });
}

/** Ends a call that has no answer. */
export function fail(call: Http2Stream, { status, message }: GrpcFailure): void {
  call.respond(200, { ...ACCEPTS, 'grpc-status': status, 'grpc-message': message }, '');
}
