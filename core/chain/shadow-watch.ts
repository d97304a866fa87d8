/** Who counts what plugins in shadow mode would have done. Called for every answer: it must cost little, and not throw. */
import type { TraceStep } from '../mail/trace.ts';
import type { HappeningName, Happenings } from '../plugin/observer.ts';

export interface ShadowWatch {
  /** A plugin in shadow mode was asked. `about`: the session, the queue id, or both. */
  asked(step: TraceStep, about: Readonly<Record<string, string>>): void;
  /** What came of it all. */
  told<E extends HappeningName>(event: E, happening: Happenings[E]): void;
}
