/** The plugin in its harness, with a sink as the store. Call everything here inside a test. */
import { onTestFinished } from 'vitest';
import { byAddress, type HarnessSettings, harness, type SinkSettings, smtpSink } from '../../../core/testing.ts';
import lmtpDelivery from '../../../plugins/lmtp-delivery/index.ts';

export const SOCKET = '/run/store/lmtp';
/** As outcomes name the socket. */
export const REMOTE = `mx.example.test[${SOCKET}]`;
export const THREE = ['bob@example.test', 'carl@example.test', 'dan@example.test'];

/** The plugin, which is closed with the test. */
export async function storing(options: object, settings: HarnessSettings) {
  const plugin = await harness(lmtpDelivery, options, { now: '2026-11-23T09:05:00Z', ...settings });
  onTestFinished(plugin.close);
  const outcomes = async (...delivery: Parameters<typeof plugin.deliver>) =>
    byAddress((await plugin.deliver(...delivery))?.outcomes ?? new Map());
  return { ...plugin, outcomes };
}

/** A store behind `SOCKET`, and the plugin that delivers to it. */
export async function storingIn(settings: SinkSettings = {}, options: object = {}) {
  const extensions = ['PIPELINING', '8BITMIME', 'ENHANCEDSTATUSCODES'];
  const sink = await smtpSink({ protocol: 'lmtp', extensions, ...settings });
  onTestFinished(sink.close);
  const plugin = await storing({ socket: SOCKET, ...options }, { hosts: { [SOCKET]: sink.port } });
  return { ...plugin, sink };
}
