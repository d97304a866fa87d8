/**
 * Gives a mail to a store: to all recipients in one transaction, or to each in one of its own, with fields that name it.
 *
 * Guarantee: a recipient is delivered to where the store has said so for it, after the content (RFC 2033 section 4.2).
 */
import {
  bouncedBy,
  type Clock,
  deferredBy,
  describeError,
  type HeaderBlock,
  type HookContext,
  hasLooped,
  LOCAL_ERROR,
  type Mail,
  type Outcome,
  type Preview,
  type Recipient,
  readHeader,
} from '../../core/index.ts';
import type { Hops, NextHops } from '../../core/next-hop/index.ts';
import { withDeliveryFields } from './delivery-fields.ts';

/** Where a store is, and what it gets. */
export interface StoreSettings {
  readonly nextHops: NextHops;
  readonly hops: Hops;
  readonly fields: 'none' | 'delivery';
  readonly clock: Clock;
}

type Outcomes = ReadonlyMap<Recipient, Outcome>;

const AWAY = {
  code: 451,
  status: '4.4.1',
  text: 'The store could not be had for another recipient of this mail',
} as const;
const LOOP = { code: 554, status: '5.4.6', text: 'Mail loop: this mail was delivered here before' } as const;

export class LmtpStore {
  readonly #settings: StoreSettings;

  constructor(settings: StoreSettings) {
    this.#settings = settings;
  }

  /** Who has no outcome is deferred. @throws where the content cannot be read and nobody has an outcome yet */
  deliver(mail: Mail, recipients: readonly Recipient[], context: HookContext): Promise<Outcomes> {
    const { nextHops, hops, fields } = this.#settings;
    return fields === 'none'
      ? nextHops.relay({ mail, recipients, hops }, context)
      : this.#deliverToEach(mail, recipients, context);
  }

  /** What `deliver` would do. */
  async preview(mail: Mail, recipients: readonly Recipient[]): Promise<readonly Preview[]> {
    const { nextHops, hops, fields, clock } = this.#settings;
    if (fields === 'none') return nextHops.preview({ mail, recipients, hops });
    const header = await headerOf(mail);
    const previews: Preview[] = [];
    for (const recipient of recipients) {
      if (hasLooped(header, recipient)) {
        previews.push({ recipients: [recipient], act: null, content: mail.content, outcome: bouncedBy(LOOP) });
      } else {
        const named = withDeliveryFields(mail, header, recipient, clock.now());
        previews.push(...(await nextHops.preview({ mail: named, recipients: [recipient], hops })));
      }
    }
    return previews;
  }

  /** One after the other, over one session as a rule. Where the store cannot be had it is not asked again for the others. */
  async #deliverToEach(mail: Mail, recipients: readonly Recipient[], context: HookContext): Promise<Outcomes> {
    const header = await headerOf(mail);
    const outcomes = new Map<Recipient, Outcome>();
    let away: Outcome | null = null;
    try {
      for (const recipient of recipients) {
        const outcome: Outcome = away ?? (await this.#deliverTo(recipient, mail, header, context));
        outcomes.set(recipient, outcome);
        if (outcome.kind === 'deferred' && outcome.concerns === 'destination') {
          away ??= deferredBy(AWAY, outcome.remote, null, 'destination');
        }
      }
    } catch (error) {
      // Who has the mail already must not get it again.
      if (outcomes.size === 0) throw error;
      context.log.error('failed', { cause: describeError(error) });
    }
    return outcomes;
  }

  async #deliverTo(
    recipient: Recipient,
    mail: Mail,
    header: HeaderBlock | null,
    context: HookContext,
  ): Promise<Outcome> {
    if (hasLooped(header, recipient)) return bouncedBy(LOOP);
    const { nextHops, hops, clock } = this.#settings;
    const named = withDeliveryFields(mail, header, recipient, clock.now());
    const outcomes = await nextHops.relay({ mail: named, recipients: [recipient], hops }, context);
    return outcomes.get(recipient) ?? deferredBy(LOCAL_ERROR);
  }
}

async function headerOf({ content }: Mail): Promise<HeaderBlock | null> {
  const read = await readHeader(content);
  return read.kind === 'header' ? read.block : null;
}
