/** The mechanisms of AUTH that are spoken (RFC 4616, RFC 4954, RFC 2195, RFC 7677, RFC 7628, RFC 4422 appendix A). */

export const MECHANISMS = [
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'SCRAM-SHA-256',
  'XOAUTH2',
  'OAUTHBEARER',
  'EXTERNAL',
] as const;

export type Mechanism = (typeof MECHANISMS)[number];

/** Those in which the client proves that it knows the password and does not say it. They reveal none without TLS. */
export type ChallengeMechanism = 'CRAM-MD5' | 'SCRAM-SHA-256';

/** Whether the client proves that it knows the password, and does not say it. */
export function isChallengeMechanism(mechanism: Mechanism): mechanism is ChallengeMechanism {
  return mechanism === 'CRAM-MD5' || mechanism === 'SCRAM-SHA-256';
}
