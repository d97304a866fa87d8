/** Bulk mail says in its header that it is bulk mail. */
import { expect, test } from 'vitest';
import { parseHeader } from '../../../core/mime/header.ts';
import { natureOf } from '../../../core/mime/nature.ts';

test.each([
  { field: 'List-Id: <news.example.test>', want: 'bulk' },
  { field: 'List-Unsubscribe: <mailto:off@example.test>', want: 'bulk' },
  { field: 'Precedence: bulk', want: 'bulk' },
  { field: 'Precedence:  LIST ', want: 'bulk' },
  { field: 'Precedence: junk', want: 'bulk' },
  { field: 'Precedence: first-class', want: 'personal' },
  { field: 'Precedence: bulky', want: 'personal' },
  { field: 'X-List-Id: x', want: 'personal' },
  { field: 'Subject: bulk', want: 'personal' },
])('$field: $want', ({ field, want }) => {
  expect(natureOf(parseHeader(Buffer.from(`From: ann@example.test\r\n${field}\r\n\r\nList-Id: y\r\n`)))).toBe(want);
});
