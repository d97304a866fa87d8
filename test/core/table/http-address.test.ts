import { expect, test } from 'vitest';
import { addressFor } from '../../../core/table/http-address.ts';
import { partsOf, Template } from '../../../core/table/placeholders.ts';
import * as fc from '../../support/fast-check.ts';

const TEMPLATE = new Template('https://api.example.test/of/:domain/to/:local/end?all=:key');

test('request forgery: whatever the key, the server and the path are those that are written', () => {
  const part = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('.', '..', '/', '../..', '\\', '@', '#', '?', '%2e'),
  );
  fc.assert(
    fc.property(part, part, (local, domain) => {
      const address = addressFor(TEMPLATE, partsOf(`${local}@${domain}`));
      if (address === null) return;
      const { origin, pathname, searchParams, hash } = new URL(address);
      const [, of, , to, , end, ...more] = pathname.split('/');
      expect([origin, of, to, end, more, hash]).toEqual(['https://api.example.test', 'of', 'to', 'end', [], '']);
      expect(searchParams.get('all')).toBe(`${local}@${domain}`);
    }),
  );
});
