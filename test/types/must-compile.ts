/** What the contract allows: the shapes that plugin authors write, none of which needs a type annotation. */
import {
  accept,
  authenticated,
  CLOCK,
  defineFact,
  definePlugin,
  deliveredTo,
  expand,
  note,
  offer,
  type Plugin,
  parseScramKeys,
  reject,
  report,
  rewrite,
  routeTo,
  Secret,
  stored,
  token,
  z,
} from 'mailframe';

const SCORE = defineFact('score', z.number());

interface Greylist {
  seen(key: string): Promise<boolean>;
}
const GREYLIST = token<Greylist>('greylist');

export const everything: Plugin = definePlugin({
  name: 'everything',
  options: z.strictObject({ domain: z.string().default('example.test') }),
  needs: { clock: CLOCK, greylist: GREYLIST },
  facts: [SCORE],
  delivers: 'here',
  create: ({ options, clock, greylist }) => ({
    connect: () => undefined,
    helo: ({ greeting }) => (greeting.domain === 'liar.test' ? reject(550, '5.7.1', 'No') : offer({ remove: ['DSN'] })),
    auth: ({ credentials }) => {
      if (credentials.mechanism === 'EXTERNAL') return authenticated(credentials.certificate.commonName);
      if (credentials.mechanism === 'OAUTHBEARER') return credentials.host === null ? undefined : authenticated('ann');
      return 'password' in credentials && credentials.user === 'ann' ? authenticated('ann') : undefined;
    },
    secret: ({ mechanism, user }) => {
      if (mechanism === 'CRAM-MD5') return stored(user, { mechanism, password: new Secret('x') });
      const keys = parseScramKeys('');
      return keys === null ? undefined : stored(user, keys);
    },
    mail: async ({ reversePath }) => {
      if (reversePath === null) return;
      return note(SCORE.is(clock.now().getTime()));
    },
    async rcpt({ recipient }) {
      if (await greylist.seen(recipient.forwardPath.localPart)) return accept;
      return expand([{ to: { localPart: 'ann', domain: options.domain }, via: 'test' }]);
    },
    data: ({ mail }) => rewrite(mail.content, [], SCORE.is(1)),
    queue: () => undefined,
    route: () => routeTo({ hosts: [{ name: 'mx.example.test', port: 25, addresses: [], preference: 10 }] }),
    deliver: ({ recipients }) => report(recipients.map(one => [one, deliveredTo('nowhere')] as const)),
    around: async (call, next) => {
      if (call.hook !== 'deliver') return next();
      return next({ ...call.subject, recipients: call.subject.recipients.slice(0, 1) });
    },
    observe: { refused: ({ by, reply }) => void `${by} ${reply.text}` },
    start: () => undefined,
    close: async () => undefined,
  }),
});

export const smallest = definePlugin({ name: 'smallest', create: () => ({}) });
