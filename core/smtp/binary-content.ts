/**
 * Content of BODY=BINARYMIME, put into lines before anybody sees it (RFC 3030 section 3): no plugin and no next hop has to
 * know binary content, and all of them can be served.
 */
import { contentOf } from '../mail/content.ts';
import type { Mail } from '../mail/mail.ts';
import type { TraceStep } from '../mail/trace.ts';
import { encodeBinary } from '../mime/encode-binary.ts';
import type { IntakeRefused } from './intake.ts';
import { CANNOT_ENCODE } from './replies.ts';

/** The mail with lines, and the step that says what was done to it; `null`: nothing had to be. */
export interface InLines {
  readonly kind: 'in-lines';
  readonly mail: Mail;
  readonly step: TraceStep | null;
}

/** Costs memory for the whole content. Rejects with the errno as `code` where it cannot be read. */
export async function inLines(mail: Mail): Promise<InLines | IntakeRefused> {
  const encoded = encodeBinary(await mail.content.bytes());
  if (encoded.kind === 'impossible') return { kind: 'refused', reply: CANNOT_ENCODE, because: encoded.because };
  const { octets, changes } = encoded;
  const parameters = { ...mail.envelope.parameters, body: '8bitmime' as const };
  const step: TraceStep = {
    at: mail.receivedAt.getTime(),
    hook: 'data',
    plugin: 'mailframe',
    mode: 'enforce',
    asked: 'binary content',
    answer: 'rewrite',
    detail: null,
    took: 0,
    changes,
    facts: {},
  };
  return {
    kind: 'in-lines',
    mail: { ...mail, content: contentOf(octets), envelope: { ...mail.envelope, parameters } },
    step: changes.length === 0 ? null : step,
  };
}
