/** The hooks of AUTH: `auth`, where a plugin judges what the client shows, and `secret`, where the engine does. */
import type { Facts } from '../mail/facts.ts';
import { LOCAL_ERROR } from '../mail/failure.ts';
import type { ChallengeMechanism } from '../mail/mechanism.ts';
import type { Session } from '../mail/session.ts';
import type { Credentials } from '../plugin/credentials.ts';
import type { SecretOf, StoredSecret } from '../plugin/stored.ts';
import type { Identified, Known, Passed, Refused, Walked } from './decision.ts';
import type { Link } from './link.ts';
import { refusal, type Walker } from './walk.ts';

const WRONG_CREDENTIALS: Refused = {
  kind: 'refused',
  reply: { code: 535, status: '5.7.8', text: 'Authentication credentials invalid' },
  by: 'mailframe',
  because: 'nobody knows these credentials',
};

/** Who the credentials are of, as a trace may say it. */
export function claimOf(credentials: Credentials): string {
  const { mechanism, user } = credentials;
  if (user !== null) return `${mechanism} ${user}`;
  return credentials.mechanism === 'EXTERNAL' ? `${mechanism} ${credentials.certificate.fingerprint}` : mechanism;
}

export async function walkAuth(
  walker: Walker,
  session: Session,
  credentials: Credentials,
  facts: Facts,
): Promise<Walked<Identified | Refused>> {
  let decision: Identified | Refused = WRONG_CREDENTIALS;
  const question = { hook: 'auth', asked: claimOf(credentials), about: { session: session.id } } as const;
  const walked = await walker.walk(question, { session, facts }, { session, credentials }, ({ link, ...heard }) => {
    if (heard.kind === 'failure') decision = heard.refused;
    else if (heard.answer.kind === 'authenticated') {
      decision = { kind: 'identified', user: heard.answer.user, by: link.id };
    } else decision = refusal(link, heard.answer);
    return 'end';
  });
  return { decision, ...walked };
}

/** The first answer counts. `passed`: nobody knows the user. What another mechanism would need is a failure of the plugin. */
export async function walkSecret<M extends ChallengeMechanism>(
  walker: Walker,
  session: Session,
  { mechanism, user }: { readonly mechanism: M; readonly user: string },
  facts: Facts,
): Promise<Walked<Known<SecretOf<M>> | Refused | Passed>> {
  let decision: Known<SecretOf<M>> | Refused | Passed = { kind: 'passed' };
  const about = { session: session.id };
  const question = { hook: 'secret', asked: `${mechanism} ${user}`, about } as const;
  const subject = { session, mechanism, user };
  const walked = await walker.walk(question, { session, facts }, subject, ({ link, ...heard }) => {
    if (heard.kind === 'failure') decision = heard.refused;
    else if (heard.answer.kind !== 'stored') decision = refusal(link, heard.answer);
    else if (isFor(mechanism, heard.answer.secret)) {
      decision = { kind: 'known', user: heard.answer.user, secret: heard.answer.secret, by: link.id };
    } else decision = ofTheWrongKind(link, heard.answer.secret, mechanism, about);
    return 'end';
  });
  return { decision, ...walked };
}

function isFor<M extends ChallengeMechanism>(mechanism: M, secret: StoredSecret): secret is SecretOf<M> {
  return secret.mechanism === mechanism;
}

function ofTheWrongKind(
  link: Link,
  secret: StoredSecret,
  mechanism: ChallengeMechanism,
  about: Readonly<Record<string, string>>,
): Refused {
  const because = `${link.id} failed at secret: answered with what ${secret.mechanism} needs, asked for ${mechanism}`;
  link.log.error('failed', { ...about, hook: 'secret', cause: because });
  return { kind: 'refused', reply: LOCAL_ERROR, by: link.id, because };
}
