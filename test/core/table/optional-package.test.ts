import { expect, test } from 'vitest';
import { NotInstalled, optional } from '../../../core/table/optional-package.ts';

// The compiler must not look for it.
const MISSING: string = 'no-such-package-at-all';

test('a package that is not there is named, with what to do', async () => {
  const loading = optional(MISSING, () => import(MISSING) as Promise<object>);
  await expect(loading).rejects.toThrow(
    'needs the package no-such-package-at-all, which is not installed: npm install no-such-package-at-all',
  );
  await expect(loading).rejects.toBeInstanceOf(NotInstalled);
});

test('a package that is there and broken says so itself', async () => {
  const broken = new Error('it is broken');
  await expect(optional('pg', () => Promise.reject(broken))).rejects.toBe(broken);
});
