/** Whether something led a recipient elsewhere than the client said: an alias that nobody outside may see through. */
import type { Recipient } from './envelope.ts';
import { sameMailbox } from './path.ts';

export function isRedirected({ original, forwardPath }: Recipient): boolean {
  return !sameMailbox(original, forwardPath);
}
