/** What final delivery writes above a mail (RFC 5321 section 4.4), and how a mail that has been here before is known. */
import {
  applyEdits,
  type Content,
  contentOf,
  formatDate,
  formatMailbox,
  formatPath,
  type HeaderBlock,
  joinContent,
  type Recipient,
  type ReversePath,
  removeFields,
  sameMailbox,
} from '../../core/index.ts';

/** What the fields say. */
export interface DeliveryFacts {
  readonly reversePath: ReversePath;
  readonly recipient: Recipient;
  readonly date: Date;
}

/** The content as one recipient gets it: delivery fields on top, and no Return-Path but ours. */
export function deliveredContent(content: Content, header: HeaderBlock | null, facts: DeliveryFacts): Content {
  const edits = header === null ? [] : removeFields(header, 'Return-Path');
  return joinContent(contentOf(deliveryFields(facts)), applyEdits(content, edits));
}

/**
 * Whether the mail was delivered to this mailbox before: an alias or a forward elsewhere has sent it round.
 * Case is ignored, as other systems may have changed it.
 */
export function hasLooped(header: HeaderBlock | null, recipient: Recipient): boolean {
  const address = formatMailbox(recipient.forwardPath).toLowerCase();
  const seen = header?.values('Delivered-To') ?? [];
  return seen.some(value => Buffer.from(value, 'latin1').toString().toLowerCase() === address);
}

function deliveryFields({ reversePath, recipient, date }: DeliveryFacts): string {
  const { forwardPath, original } = recipient;
  const lines = [
    `Return-Path: ${formatPath(reversePath)}`,
    `Delivered-To: ${formatMailbox(forwardPath)}`,
    ...(sameMailbox(forwardPath, original) ? [] : [`X-Original-To: ${formatMailbox(original)}`]),
    `Delivery-date: ${formatDate(date)}`,
  ];
  return lines.map(line => `${line}\r\n`).join('');
}
