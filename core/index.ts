/**
 * The front door: all that plugins and programs that embed the gateway may import.
 * @module mailframe
 */
export { z } from 'zod';
export type { Configuration } from './config/configuration.ts';
export * from './delivery/delivery-header.ts';
export * from './delivery/final-content.ts';
export * from './delivery/gathered.ts';
export * from './delivery/mailbox-name.ts';
export * from './delivery/path-template.ts';
export * from './delivery/subaddress.ts';
export * from './delivery/target-path.ts';
export {
  type Answered,
  type Complaint,
  createEngine,
  type Engine,
  type EngineOptions,
  type EngineState,
  type Example,
  type HookTally,
  type ListenerState,
  type Listening,
  type Reload,
  type Renewal,
  type RenewalFault,
  type TallyRecord,
} from './engine.ts';
export * from './mail/address.ts';
export * from './mail/address-pattern.ts';
export * from './mail/condition.ts';
export * from './mail/content.ts';
export * from './mail/date.ts';
export * from './mail/domain.ts';
export * from './mail/envelope.ts';
export * from './mail/error.ts';
export * from './mail/facts.ts';
export * from './mail/failure.ts';
export * from './mail/host.ts';
export * from './mail/ip-address.ts';
export { inRanges } from './mail/ip-ranges.ts';
export { formatLocalPart } from './mail/local-part.ts';
export * from './mail/mail.ts';
export * from './mail/mechanism.ts';
export * from './mail/outcome.ts';
export * from './mail/path.ts';
export * from './mail/quantity.ts';
export { describeWithRemedy } from './mail/remedy.ts';
export * from './mail/reply.ts';
export * from './mail/route.ts';
export * from './mail/session.ts';
export { specialUse } from './mail/special-addresses.ts';
export * from './mail/tls-demand.ts';
export * from './mail/trace.ts';
export * from './mail/unfolding.ts';
export * from './mail/verdict.ts';
export * from './mail/xtext.ts';
export * from './mime/addresses.ts';
export type { FieldParameter } from './mime/continuation.ts';
export type { DkimSignature } from './mime/dkim-signature.ts';
export * from './mime/edit.ts';
export { decodeText, encodeText } from './mime/encoded-word.ts';
export * from './mime/field-folding.ts';
export * from './mime/field-parameters.ts';
export * from './mime/header.ts';
export * from './mime/header-edit.ts';
export * from './mime/html-insertion.ts';
export * from './mime/html-links.ts';
export * from './mime/html-to-text.ts';
export * from './mime/leaf-encoding.ts';
export * from './mime/leaf-text.ts';
export * from './mime/line-ends.ts';
export {
  defang,
  defangLinks,
  type Link,
  type LinkPlace,
  type LinkReplacement,
  linkTemplate,
  type RewrittenLink,
  type RewrittenLinks,
} from './mime/links.ts';
export * from './mime/media-type.ts';
export * from './mime/parameter-edit.ts';
export * from './mime/parsed.ts';
export * from './mime/part.ts';
export type { Recoded } from './mime/recode.ts';
export * from './mime/seven-bits.ts';
export * from './mime/signatures.ts';
export * from './mime/span-pieces.ts';
export * from './mime/subject-tag.ts';
export { type TextFormat, textFormat } from './mime/text-format.ts';
export * from './mime/text-insertion.ts';
export { rewriteTextLinks } from './mime/text-links.ts';
export * from './mime/text-to-html.ts';
export * from './mime/transfer-decoder.ts';
export * from './mime/transfer-encoding.ts';
export * from './mime/transfer-stream.ts';
export * from './mime/tree.ts';
export * from './plugin/about.ts';
export * from './plugin/awaitable.ts';
export * from './plugin/credentials.ts';
export { eitherFamily } from './plugin/dns-answer.ts';
export * from './plugin/fact.ts';
export * from './plugin/file-table.ts';
export * from './plugin/hooks.ts';
export * from './plugin/in-lanes.ts';
export * from './plugin/middleware.ts';
export * from './plugin/observer.ts';
export * from './plugin/option-types.ts';
export * from './plugin/plugin.ts';
export * from './plugin/ports.ts';
export * from './plugin/preview.ts';
export * from './plugin/queue-control.ts';
export * from './plugin/queue-store.ts';
export {
  deriveScramKeys,
  formatScramKeys,
  matchesScramKeys,
  parseScramKeys,
  type ScramKeys,
} from './plugin/scram-keys.ts';
export { Secret } from './plugin/secret.ts';
export * from './plugin/stored.ts';
export * from './plugin/table.ts';
export * from './plugin/table-hosts.ts';
export * from './plugin/table-setting.ts';
export * from './plugin/tls-reports.ts';
export * from './plugin/token.ts';
export * from './plugin/web.ts';
export { memoryStore } from './queue/memory-store.ts';
export { type KeptLimits } from './reading/leaf-octets.ts';
export * from './reading/message.ts';
export { type ReadingOptions, readMessage } from './reading/read-message.ts';
export type { Astray, StrayError } from './stray-error.ts';
export type { Scope } from './wiring/scope.ts';
