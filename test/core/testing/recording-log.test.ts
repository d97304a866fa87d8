import { recordingLog } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';

describe('a recording log', () => {
  test('keeps level, event and fields, those of its parents included', () => {
    const log = recordingLog();
    log.info('started');
    log.child({ plugin: 'users', id: 1 }).child({ id: 2 }).warn('refused', { user: 'ann' });
    expect(log.lines).toEqual([
      { level: 'info', event: 'started', fields: {} },
      { level: 'warn', event: 'refused', fields: { plugin: 'users', id: 2, user: 'ann' } },
    ]);
    expect(log.of('refused')).toHaveLength(1);
    expect(log.text()).toContain('warn refused {"plugin":"users","id":2,"user":"ann"}');
  });
});
