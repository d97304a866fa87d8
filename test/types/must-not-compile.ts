/** What the contract forbids at compile time. Each `@ts-expect-error` is an error itself once its line compiles. */
import {
  accept,
  CLOCK,
  type Clock,
  contentOf,
  defer,
  defineFact,
  definePlugin,
  hold,
  note,
  type PermanentReply,
  RESOLVER,
  reject,
  rewrite,
  routeTo,
  type Session,
  stored,
  type Token,
  z,
} from 'mailframe';

// A 5yz reply with a 4.x.x status, and the other way round.
// @ts-expect-error the class of the status must be that of the code
reject(550, '4.1.1', 'No such mailbox');
// @ts-expect-error the class of the status must be that of the code
defer(451, '5.3.0', 'Try again');
// @ts-expect-error 451 does not refuse for good
reject(451, '5.3.0', 'No');
// @ts-expect-error a reply written by hand is held to the same
export const reply: PermanentReply = { code: 550, status: '4.0.0', text: 'No' };
// @ts-expect-error a status has three parts
reject(550, '5.1', 'No');

export const passwordOfAnything = definePlugin({
  name: 'password-of-anything',
  create: () => ({
    // @ts-expect-error a token and a certificate have no password
    auth: ({ credentials }) => void credentials.password,
  }),
});

// @ts-expect-error a password that anybody could see
stored('ann', { mechanism: 'CRAM-MD5', password: 'x' });

export const tooEarly = definePlugin({
  name: 'too-early',
  create: () => ({
    // @ts-expect-error there is no content at RCPT, so nothing to rewrite
    rcpt: () => rewrite(contentOf('')),
  }),
});

export const wrongQuestion = definePlugin({
  name: 'wrong-question',
  create: () => ({
    // @ts-expect-error only `rcpt` takes claims
    mail: () => accept,
  }),
});

export const tooLate = definePlugin({
  name: 'too-late',
  create: () => ({
    // @ts-expect-error the last veto cannot change the octets any more
    queue: ({ mail }) => rewrite(mail.content),
  }),
});

export const holdsTooEarly = definePlugin({
  name: 'holds-too-early',
  create: () => ({
    // @ts-expect-error there is nothing to hold before the content
    rcpt: () => hold('suspicious'),
  }),
});

export const unknownHook = definePlugin({
  name: 'unknown-hook',
  create: () => ({
    rcpt: () => accept,
    // @ts-expect-error there is no such hook
    receipt: () => accept,
  }),
});

export const wrongService = definePlugin({
  name: 'wrong-service',
  needs: { clock: CLOCK },
  create: ({ clock }) => {
    // @ts-expect-error a clock does not look up MX records
    void clock.mx('example.test');
    return {};
  },
});

export const missingService = definePlugin({
  name: 'missing-service',
  needs: { clock: CLOCK },
  // @ts-expect-error it did not ask for a resolver
  create: ({ resolver }) => ({ close: () => void resolver }),
});

// @ts-expect-error a token of one service is not a token of another
export const notAClock: Token<Clock> = RESOLVER;

export const wrongOption = definePlugin({
  name: 'wrong-option',
  options: z.strictObject({ limit: z.number() }),
  // @ts-expect-error the schema says that `limit` is a number
  create: ({ options }) => ({ close: () => void options.limit.toUpperCase() }),
});

const VIRUS = defineFact('virus', z.enum(['clean', 'infected']));
// @ts-expect-error the fact cannot say this
note(VIRUS.is('ill'));

export const changesTheSubject = definePlugin({
  name: 'changes-the-subject',
  create: () => ({
    rcpt({ recipient, envelope }) {
      // @ts-expect-error subjects are read-only
      recipient.forwardPath.domain = 'example.com';
      // @ts-expect-error lists too
      envelope.recipients.push(recipient);
    },
  }),
});

export function greeted(session: Session): void {
  // @ts-expect-error nobody may have greeted yet
  void session.greeting.domain;
}

export const routesWithoutWords = definePlugin({
  name: 'routes',
  create: () => ({
    // @ts-expect-error a host is not a string
    route: () => routeTo({ hosts: ['mx.example.test'] }),
  }),
});
