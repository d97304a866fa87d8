/** The suite finds faults: a server with one of them fails that case and no other, and one without passes them all. */
import { describe, expect, test } from 'vitest';
import type { Target } from '../../../core/conformance/probe.ts';
import { CASES, casesNamed, runSuite } from '../../../core/conformance/suite.ts';
import { FAULTS, type Fault, faultyServer } from './faulty-server.ts';

/** In a form that is not seen to be this machine, whose clients would be no strangers. */
const HOST = '::ffff:127.0.0.1';

async function failedAt(fault: Fault | null, only: readonly string[] = []): Promise<readonly string[]> {
  const target: Target = {
    host: HOST,
    port: await faultyServer(fault),
    tls: 'none',
    patience: 400,
    login: null,
    to: 'ann@example.test',
    refusal: null,
    own: null,
  };
  const results = await runSuite(target, { only });
  return results.filter(({ outcome }) => outcome === 'failed').map(({ name, why }) => `${name}: ${why}`);
}

describe('the suite', () => {
  test('passes a server without a fault', async () => {
    expect(await failedAt(null)).toEqual([]);
  });

  test.each(Object.keys(FAULTS) as Fault[])('finds %s, and only that', async fault => {
    // The other groups pass as well; running them all each time would take a quarter of a minute.
    const group = CASES.find(({ name }) => name === fault)?.group ?? '';
    const failed = await failedAt(fault, [group]);
    expect(failed.map(one => one.split(':')[0])).toEqual([fault]);
  });

  test('names every case once, in small letters', () => {
    const names = CASES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const one of CASES)
      expect(one).toMatchObject({
        name: expect.stringMatching(/^[a-z0-9-]+$/),
        sentence: expect.stringMatching(/\.$/),
      });
    expect(casesNamed(['relay', 'noop']).length).toBeGreaterThan(5);
    expect(() => casesNamed(['nope'])).toThrow('no case and no group is called nope');
  });
});
