/** EXTERNAL (RFC 4422 appendix A): the certificate has said it already, and the message is at most a name. */
import { BAD_RESPONSE, UNKNOWN_MECHANISM } from '../replies.ts';
import { type BeginExchange, isName, textOf } from './exchange.ts';

export const external: BeginExchange = async function* ({ authentication }, initial) {
  const certificate = authentication.session.tls?.certificate ?? null;
  if (certificate === null) return UNKNOWN_MECHANISM;
  const name = textOf(initial ?? (yield ''));
  if (name === null || (name !== '' && !isName(name))) return BAD_RESPONSE;
  return authentication.judge({ mechanism: 'EXTERNAL', user: name === '' ? null : name, certificate });
};
