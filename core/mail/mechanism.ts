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
