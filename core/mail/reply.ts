/**
 * SMTP replies whose code and enhanced status cannot disagree (RFC 5321 section 4.2, RFC 3463).
 *
 * Guarantee: the class digit of the status is part of the type, so `{ code: 550, status: '4.1.1' }` does not compile.
 */

/** Reply codes that refuse for good. */
export type PermanentCode =
  | 500
  | 501
  | 502
  | 503
  | 504
  | 521
  | 530
  | 534
  | 535
  | 538
  | 550
  | 551
  | 552
  | 553
  | 554
  | 555
  | 556;

/** Reply codes that refuse for now. */
export type TransientCode = 421 | 450 | 451 | 452 | 454 | 455;

/** An enhanced status code of one class (RFC 3463 section 2), for example `5.1.1`. */
export type EnhancedStatus<Class extends 2 | 4 | 5> = `${Class}.${number}.${number}`;

/** A refusal for good: the client must not try the same again. */
export interface PermanentReply {
  readonly code: PermanentCode;
  readonly status: EnhancedStatus<5>;
  /** What a person reads: one line, no code in it. */
  readonly text: string;
}

/** A refusal for now: the client should try the same again later. */
export interface TransientReply {
  readonly code: TransientCode;
  readonly status: EnhancedStatus<4>;
  readonly text: string;
}

/** Any refusal. */
export type Refusal = PermanentReply | TransientReply;

/** Whether a refusal is for good. */
export function isPermanent(reply: Refusal): reply is PermanentReply {
  return reply.code >= 500;
}

/** A reply as one line of text, without the line end: `550 5.1.1 No such mailbox`. */
export function formatReply(reply: Refusal): string {
  return `${reply.code} ${reply.status} ${reply.text}`;
}
