/** TLS reports and what is counted for them, read from JSON and written as such (RFC 8460 section 4.4). */
import { z } from 'zod';
import type { TlsReport, TlsReportPolicy } from '../mail/tls-report.ts';

const count = z.int().min(0);
const total = count.exactOptional();

/** What is not known here is kept: reports have grown, and may grow again. */
const policySchema = z.looseObject({
  policy: z.looseObject({
    'policy-type': z.string(),
    'policy-string': z.array(z.string()).exactOptional(),
    'policy-domain': z.string().exactOptional(),
    'mx-host': z.array(z.string()).exactOptional(),
  }),
  summary: z.looseObject({ 'total-successful-session-count': total, 'total-failure-session-count': total }),
  'failure-details': z
    .array(z.looseObject({ 'result-type': z.string(), 'failed-session-count': count }))
    .exactOptional(),
});

const reportSchema = z.looseObject({
  'organization-name': z.string(),
  'date-range': z.looseObject({ 'start-datetime': z.string(), 'end-datetime': z.string() }),
  'contact-info': z.string(),
  'report-id': z.string(),
  policies: z.array(policySchema),
});

/** Reads a report. @throws Error where it is none */
export function parseTlsReport(text: string): TlsReport {
  return reportSchema.parse(JSON.parse(text));
}

/** Reads what was counted on one day. @throws Error where the text is something else */
export function parseTlsDay(text: string): readonly TlsReportPolicy[] {
  return z.array(policySchema).parse(JSON.parse(text));
}

/** Writes either. */
export function formatTlsJson(value: TlsReport | readonly TlsReport[] | readonly TlsReportPolicy[]): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
