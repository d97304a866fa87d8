/** The conformance suite as a function: for tests of configurations, and for programs that bring plugins of their own. */
import type { CaseResult } from '../conformance/conformance-case.ts';
import type { ConformanceSettings } from './conformance-gateway.ts';

/** What is to be run. */
export interface ConformanceRun extends ConformanceSettings {
  /** The configuration. */
  readonly file: string;
  /** Cases or groups by their names; all of them without it. */
  readonly only?: readonly string[];
}

/** What came of one case at one listener. */
export interface ListenerCase extends CaseResult {
  readonly listener: string;
}

/**
 * Runs the suite on the gateway that a configuration makes, sealed off: nothing of it is touched, no mail leaves.
 * @throws MailframeError where the configuration cannot run. RangeError where no listener or no case is meant.
 * @example
 * const results = await runConformance({ file: './mailframe.config.yaml', only: ['relay', 'smuggling'] });
 * expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
 */
export async function runConformance({
  file,
  only = [],
  ...settings
}: ConformanceRun): Promise<readonly ListenerCase[]> {
  // Loaded when they are needed: see test-gateway.ts.
  const { conformanceGateway } = await import('./conformance-gateway.ts');
  const { runSuite } = await import('../conformance/suite.ts');
  const { targets, close } = await conformanceGateway(file, settings);
  const results: ListenerCase[] = [];
  try {
    for (const target of targets) {
      const cases = await runSuite(target, { only });
      results.push(...cases.map(one => ({ listener: target.listener, ...one })));
    }
    return results;
  } finally {
    await close();
  }
}
