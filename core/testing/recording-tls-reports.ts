/** TLS reports that remember what was counted. */
import type { TlsReports, TlsSession } from '../plugin/tls-reports.ts';

export interface RecordingTlsReports extends TlsReports {
  /** In the order of counting. */
  readonly sessions: readonly TlsSession[];
}

/** Makes some. */
export function recordingTlsReports(): RecordingTlsReports {
  const sessions: TlsSession[] = [];
  return { sessions, count: session => void sessions.push(session) };
}
