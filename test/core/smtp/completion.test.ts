import { expect, test } from 'vitest';
import { parseHeader } from '../../../core/mime/header.ts';
import { missingFields } from '../../../core/smtp/completion.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';

function added(header: string): string {
  return missingFields(parseHeader(Buffer.from(header)), {
    at: new Date('2026-11-23T09:30:00Z'),
    id: 'Q1',
    hostname: 'mx.example.test',
    random: seededRandom(1),
  });
}

test('Date and Message-ID are added where they are missing, and nothing else', () => {
  expect(added('Subject: hello\r\n\r\n')).toMatch(
    /^Date: Mon, 23 Nov 2026 09:30:00 \+0000\r\nMessage-ID: <Q1\.[0-9a-f]{16}@mx\.example\.test>\r\n$/,
  );
  expect(added('DATE: yesterday\r\nSubject: hello\r\n\r\n')).toMatch(/^Message-ID: <[^>]+>\r\n$/);
  expect(added('message-id: <1@client.test>\r\n\r\n')).toBe('Date: Mon, 23 Nov 2026 09:30:00 +0000\r\n');
});

test('what is there stays alone, whatever it says', () => {
  expect(added('Date:\r\nMessage-Id : odd\r\n\r\n')).toBe('');
});

test('a field in the body is none', () => {
  expect(added('Subject: hello\r\n\r\nDate: today\r\nMessage-ID: <1@x>\r\n')).toContain('Date: ');
});
