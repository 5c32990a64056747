import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import { HEADER_SIZE, MAX_MESSAGE } from '../dns/numbers.js';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
/** RFC 8484 s.6. */
const MEDIA_TYPE = 'application/dns-message';
const STATUS_OK = 200;
/** HTTP/2's error codes (RFC 9113 s.7). */
const ERRORS = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED'],
  ...['FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM'],
  ...['INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
];

/** A response. */
export interface HttpsResponse {
  message: Buffer;
  /** The seconds that an HTTP cache has kept it (RFC 8484 s.5.1). */
  age: number;
}

/** How a request ended: with a response, with a reason why there is none, or without the server having worked on it. */
export type RequestOutcome = HttpsResponse | string | undefined;

/** The target of requests. */
export interface HttpsTarget {
  method: 'POST' | 'GET';
  authority: string;
  path: string;
}

/** A query to an upstream as an HTTP request (RFC 8484 s.4.1), on a stream of its own. */
export class HttpsRequest {
  readonly #stream: ClientHttp2Stream;
  readonly #done: (outcome: RequestOutcome) => void;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #age = 0;
  #isResponse = false;
  #ended = false;

  /** `message`: the query with ID 0, which stays unchanged. `done` is called once. */
  constructor(
    session: ClientHttp2Session,
    { method, authority, path }: HttpsTarget,
    message: Buffer,
    done: (outcome: RequestOutcome) => void,
  ) {
    this.#done = done;
    const common = { ':method': method, ':scheme': 'https', ':authority': authority, accept: MEDIA_TYPE };
    if (method === 'POST') {
      const type = { 'content-type': MEDIA_TYPE, 'content-length': message.length };
      this.#stream = session.request({ ...common, ':path': path, ...type }, { endStream: false });
      this.#stream.end(message);
    } else {
      const target = `${path}?dns=${message.toString('base64url')}`;
      this.#stream = session.request({ ...common, ':path': target }, { endStream: true });
    }
    this.#stream.on('response', (headers) => {
      this.#check(headers);
    });
    this.#stream.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    // The reason is in rstCode, or that of the whole session.
    this.#stream.on('error', () => undefined);
    this.#stream.on('close', () => {
      this.#close(session.destroyed);
    });
  }

  /** Gives up; `done` is not called any more. */
  cancel(): void {
    this.#ended = true;
    this.#stream.close(NGHTTP2_CANCEL);
  }

  #check({ ':status': status, 'content-type': type = '', age }: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    this.#isResponse = true;
    if (status !== STATUS_OK) this.#reject(`status ${status}`);
    else if (type.split(';')[0].trim().toLowerCase() !== MEDIA_TYPE) {
      this.#reject(`content type ${JSON.stringify(type.slice(0, 100))}, not ${MEDIA_TYPE}`);
    }
    if (age !== undefined && /^\d+$/.test(age)) this.#age = Number(age);
  }

  #take(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > MAX_MESSAGE) this.#reject(`a body of more than ${MAX_MESSAGE} octets`);
    else if (!this.#ended) this.#chunks.push(chunk);
  }

  /** `isLost`: with the connection. */
  #close(isLost: boolean): void {
    const { rstCode } = this.#stream;
    if (rstCode === NGHTTP2_NO_ERROR && this.#isResponse) this.#finish();
    // A server that closes a connection may end its streams without an error.
    else if (isLost || rstCode === NGHTTP2_REFUSED_STREAM || rstCode === NGHTTP2_NO_ERROR) this.#end(undefined);
    else this.#end(`stream error: ${ERRORS.at(rstCode) ?? rstCode}`);
  }

  #finish(): void {
    if (this.#length < HEADER_SIZE) this.#end(`a body of ${this.#length} octets`);
    else this.#end({ message: Buffer.concat(this.#chunks, this.#length), age: this.#age });
  }

  #reject(reason: string): void {
    this.#end(reason);
    this.#stream.close(NGHTTP2_CANCEL);
  }

  #end(outcome: RequestOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#done(outcome);
  }
}
