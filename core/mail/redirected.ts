/** Whether something led a recipient elsewhere than the client said: an alias that nobody outside may see through. */
import type { Recipient } from './envelope.ts';
import { sameMailbox } from './path.ts';

export function isRedirected({ original, forwardPath, target }: Recipient): boolean {
  return target !== undefined || !sameMailbox(original, forwardPath);
}
