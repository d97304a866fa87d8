/** A mail with what final delivery writes above it, for one recipient (RFC 5321 section 4.4). */
import {
  applyEdits,
  deliveryFields,
  type HeaderBlock,
  type Mail,
  type Recipient,
  removeFields,
} from '../../core/index.ts';

/** The fields on top, and no Return-Path but ours. All other octets are the same. `header` is that of the mail, where it can be read. */
export function withDeliveryFields(mail: Mail, header: HeaderBlock | null, recipient: Recipient, date: Date): Mail {
  const { reversePath } = mail.envelope;
  const lines = deliveryFields({ reversePath, recipient, date }).replaceAll('\n', '\r\n');
  const above = { start: 0, end: 0, replacement: Buffer.from(lines) };
  const removed = header === null ? [] : removeFields(header, 'Return-Path');
  return { ...mail, content: applyEdits(mail.content, [above, ...removed]) };
}
