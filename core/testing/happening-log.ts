/** All that observers are told, kept for a test to look at. */
import { formatMailbox, formatPath } from '../mail/path.ts';
import type { HappeningName, Happenings, Observer } from '../plugin/observer.ts';

/** What happened under one name, in order. */
export type Happened<E extends HappeningName> = readonly Happenings[E][];

const NAMES: readonly HappeningName[] = [
  'accepted',
  'refused',
  'discarded',
  'held',
  'delivered',
  'deferred',
  'bounced',
];

export class HappeningLog {
  readonly #happened = new Map<HappeningName, unknown[]>(NAMES.map(name => [name, []]));

  get observer(): Observer {
    return Object.fromEntries(
      NAMES.map(name => [name, (happening: unknown) => void this.#happened.get(name)?.push(happening)]),
    );
  }

  of<E extends HappeningName>(event: E): Happened<E> {
    return (this.#happened.get(event) ?? []) as unknown as Happened<E>;
  }

  /** One line a mail, as dialogues write it. */
  queued(): readonly string[] {
    const held = new Set(this.of('held').map(({ mail }) => mail.id));
    const mails = [...this.of('accepted'), ...this.of('held')].map(({ mail }) => mail);
    const lines = [...new Map(mails.map(mail => [mail.id, mail])).values()].map(({ id, envelope }) => {
      const to = envelope.recipients.map(({ forwardPath }) => `<${formatMailbox(forwardPath)}>`).join(' ');
      return `${formatPath(envelope.reversePath)} -> ${to}${held.has(id) ? ', hold' : ''}`;
    });
    return lines.length === 0 ? ['nothing'] : [...lines, `${lines.length} in all`];
  }
}
