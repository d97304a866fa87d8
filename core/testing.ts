/**
 * The second front door: what tests of plugins and of whole gateways are made of.
 * @module mailframe/testing
 */
export type { CaseResult } from './conformance/conformance-case.ts';
export { memoryStore } from './queue/memory-store.ts';
export * from './sealed/run-conformance.ts';
export * from './sealed/test-gateway.ts';
export * from './testing/builders.ts';
export * from './testing/dialogue.ts';
export * from './testing/expect-trace.ts';
export * from './testing/fake-network.ts';
export * from './testing/fake-processes.ts';
export * from './testing/fake-resolver.ts';
export * from './testing/fake-tables.ts';
export type { Happened } from './testing/happening-log.ts';
export * from './testing/harness.ts';
export type * from './testing/harness-questions.ts';
export type { Attempted, Outcomes, TestDelivery } from './testing/kept-deliveries.ts';
export * from './testing/manual-clock.ts';
export * from './testing/memory-files.ts';
export * from './testing/overlay-files.ts';
export * from './testing/recording-log.ts';
export * from './testing/recording-tls-reports.ts';
export type { SmtpReply } from './testing/reply-reader.ts';
export * from './testing/seeded-random.ts';
export type { MailToSend, SentMail } from './testing/send-mail.ts';
export type * from './testing/sink-settings.ts';
export * from './testing/smtp-client.ts';
export * from './testing/smtp-sink.ts';
export type * from './testing/sunk-mail.ts';
export * from './testing/transport-contract.ts';
