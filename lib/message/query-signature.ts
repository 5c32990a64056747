import type { TsigAlgorithm } from '../dns/tsig.js';
import type { MessageSigner } from './tsig-signer.js';

/** The valid signature of a query (RFC 8945). */
export interface QueryTsig {
  /** The name of the key, in presentation form, lower case, without the last dot. */
  key: string;
  algorithm: TsigAlgorithm;
  /** When the query was signed, in seconds since 1970. */
  timeSigned: number;
}

/** What a server found out about the TSIG record of a query. */
export interface QuerySignature {
  /** Undefined: the signature is not valid. */
  tsig: QueryTsig | undefined;
  /** Signs the replies. */
  signer: MessageSigner;
}
