/** What final delivery writes above a mail (RFC 5321 section 4.4). */
import type { ReversePath } from '../mail/address.ts';
import { formatDate } from '../mail/date.ts';
import type { Recipient } from '../mail/envelope.ts';
import { formatMailbox, formatPath, sameMailbox } from '../mail/path.ts';

/** What the fields say. */
export interface DeliveryFacts {
  readonly reversePath: ReversePath;
  readonly recipient: Recipient;
  readonly date: Date;
}

/** The fields, with LF line ends. */
export function deliveryFields({ reversePath, recipient, date }: DeliveryFacts): string {
  const { forwardPath, original } = recipient;
  const lines = [
    `Return-Path: ${formatPath(reversePath)}`,
    `Delivered-To: ${formatMailbox(forwardPath)}`,
    ...(sameMailbox(forwardPath, original) ? [] : [`X-Original-To: ${formatMailbox(original)}`]),
    `Delivery-date: ${formatDate(date)}`,
  ];
  return lines.map(line => `${line}\n`).join('');
}
