/**
 * Fetches the MTA-STS policy of a domain over HTTPS (RFC 8461 section 3.3).
 *
 * Strict: a trusted certificate for `mta-sts.` and the domain, 200 and nothing else, no redirection, plain text, no more
 * than 64 KiB; and, as everything on the web, never from an address that is private or reserved.
 */
import type { TlsFailureType, Web, WebAnswer } from '../../core/index.ts';

/** What fetching needs. */
export interface StsFetching {
  readonly web: Web;
  /** In PEM, beside those that Node trusts. */
  readonly authorities: string | null;
  /** For the whole, in milliseconds. */
  readonly timeout: number;
}

export type StsFetched =
  | { readonly kind: 'fetched'; readonly text: string }
  | { readonly kind: 'failed'; readonly type: TlsFailureType; readonly why: string };

/** In octets. */
const LARGEST_POLICY = 64 * 1024;

/** Fetches the text. Does not reject. */
export async function fetchPolicy(domain: string, { web, authorities, timeout }: StsFetching): Promise<StsFetched> {
  const url = URL.parse(`https://mta-sts.${domain}/.well-known/mta-sts.txt`);
  if (url === null) return failure('sts-policy-fetch-error', `mta-sts.${domain} is no host of the web`);
  // Mails that wait for the same policy come and go: none of them ends it for the others.
  const answer = await web.get({ url, maxSize: LARGEST_POLICY, timeout, authorities }, new AbortController().signal);
  return readPolicy(answer, url.host);
}

const TYPES = {
  certificate: 'sts-webpki-invalid',
  size: 'sts-policy-invalid',
  other: 'sts-policy-fetch-error',
} as const satisfies Record<Extract<WebAnswer, { kind: 'failed' }>['what'], TlsFailureType>;

function readPolicy(answer: WebAnswer, host: string): StsFetched {
  switch (answer.kind) {
    case 'no-such-host':
      return failure('sts-policy-fetch-error', `${host} has no address`);
    case 'failed':
      return failure(TYPES[answer.what], `${host}: ${answer.cause}`);
    case 'answered': {
      const { status, mediaType, body } = answer;
      if (status !== 200) return failure('sts-policy-fetch-error', `${host} answers ${status}, and 200 alone will do`);
      if (mediaType === 'text/plain') return { kind: 'fetched', text: body.toString() };
      return failure(
        'sts-policy-fetch-error',
        `${host} answers ${mediaType ?? 'no type'}, and text/plain alone will do`,
      );
    }
    default:
      return answer satisfies never;
  }
}

function failure(type: TlsFailureType, why: string): StsFetched {
  return { kind: 'failed', type, why };
}
