/** What a sink offers in its answer to EHLO and LHLO. */
import type { SinkSettings } from './sink-settings.ts';

const USUAL = ['PIPELINING', '8BITMIME', 'SIZE 52428800', 'ENHANCEDSTATUSCODES', 'SMTPUTF8', 'DSN'];

function extensionsOf(
  { extensions = USUAL, extensionsOverTls = extensions }: SinkSettings,
  secure: boolean,
): readonly string[] {
  return secure ? extensionsOverTls : extensions;
}

/** Whether an extension is among them. */
export function offers(settings: SinkSettings, secure: boolean, keyword: string): boolean {
  return extensionsOf(settings, secure).some(one => one.split(' ')[0] === keyword);
}

/** The reply. */
export function offerOf(hostname: string, settings: SinkSettings, secure: boolean): string {
  const lines = [
    hostname,
    ...extensionsOf(settings, secure),
    ...(settings.tls !== undefined && !secure ? ['STARTTLS'] : []),
    ...(settings.auth !== undefined ? ['AUTH PLAIN'] : []),
  ];
  return lines.map((one, index) => `250${index === lines.length - 1 ? ' ' : '-'}${one}`).join('\n');
}
