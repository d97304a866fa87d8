/** Scopes: what they promise, and each trap of the container below them that they keep shut. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { MailframeError } from '../../../core/mail/error.ts';
import { token } from '../../../core/plugin/token.ts';
import { Scope } from '../../../core/wiring/scope.ts';

const NAME = token<string>('name');
const GREETER = token<{ readonly greeting: string }>('greeter');
const A = token<unknown>('a');
const B = token<unknown>('b');

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MailframeError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing was thrown';
}

describe('services', () => {
  test('a child sees what its parents have, also what they get later, and may replace it for itself', () => {
    const root = Scope.root().value(NAME, 'root');
    const child = root.child();
    root.value(A, 'late');
    expect(child.get(NAME)).toBe('root');
    expect(child.get(A)).toBe('late');
    child.value(NAME, 'child');
    expect([child.get(NAME), child.child().get(NAME), root.get(NAME)]).toEqual(['child', 'child', 'root']);
  });

  test('siblings do not see each other', () => {
    const root = Scope.root();
    root.child().value(NAME, 'one');
    expect(root.child().has(NAME)).toBe(false);
    expect(root.has(NAME)).toBe(false);
  });

  test('needs are resolved under the names that they have', () => {
    const scope = Scope.root().value(NAME, 'x').value(A, 1);
    expect(scope.all({ who: NAME, count: A })).toEqual({ who: 'x', count: 1 });
    expect(scope.all({})).toEqual({});
  });

  test('all names that a scope sees are listed once', () => {
    const scope = Scope.root().value(NAME, 'x').value(A, 1).child().value(NAME, 'y').value(B, 2);
    expect(scope.names()).toEqual(['a', 'b', 'name']);
  });

  test('two tokens of one name are one token, as where a package was loaded twice', () => {
    expect(Scope.root().value(token<string>('same'), 'x').get(token<string>('same'))).toBe('x');
  });
});

describe('what is missing', () => {
  test('is an error that names the service, never a new object', () => {
    expect(codeOf(() => Scope.root().get(NAME))).toBe('MF_SERVICE_MISSING nothing provides the service "name"');
  });

  test('names the service that needs it', () => {
    const scope = Scope.root().lazy(GREETER, { name: NAME }, ({ name }) => ({ greeting: name }));
    expect(codeOf(() => scope.get(GREETER))).toBe(
      'MF_SERVICE_MISSING nothing provides the service "name", which "greeter" needs',
    );
  });

  test('a service that fails to be made is named, with its cause', () => {
    const cause = new Error('no disk');
    const scope = Scope.root().lazy(A, {}, () => {
      throw cause;
    });
    expect(() => scope.get(A)).toThrow(
      expect.objectContaining({ message: 'the service "a" cannot be made: no disk', cause }),
    );
  });

  test('services that need each other are a circle with its way', () => {
    const scope = Scope.root()
      .lazy(A, { b: B }, ({ b }) => b)
      .lazy(B, { g: GREETER }, ({ g }) => g)
      .lazy(GREETER, { b: B }, () => ({ greeting: '' }));
    expect(codeOf(() => scope.get(A))).toBe('MF_SERVICE_CYCLE services need each other in a circle: b -> greeter -> b');
    expect(codeOf(() => scope.get(A))).toContain('MF_SERVICE_CYCLE');
  });

  test('services of one name in two scopes are no circle', () => {
    const root = Scope.root()
      .lazy(A, {}, () => 'root')
      .lazy(B, { a: A }, ({ a }) => `b of ${String(a)}`);
    const child = root.child().lazy(A, { b: B }, ({ b }) => `child of ${String(b)}`);
    expect(child.get(A)).toBe('child of b of root');
  });
});

describe('the traps of the container stay shut', () => {
  test('captive dependency: a root service that a child asks for first is made from the root', () => {
    const root = Scope.root().value(NAME, 'root');
    root.lazy(GREETER, { name: NAME }, ({ name }) => ({ greeting: name }));
    const child = root.child().value(NAME, 'child');
    expect(child.get(GREETER).greeting).toBe('root');
    expect(root.get(GREETER)).toBe(child.get(GREETER));
  });

  test('repeated factory: a lazy service is made once, even if what it is made of is nothing', () => {
    let made = 0;
    const scope = Scope.root().lazy(A, {}, () => {
      made++;
      return undefined;
    });
    expect([scope.get(A), scope.child().get(A), scope.get(A), made]).toEqual([undefined, undefined, undefined, 1]);
  });

  test('empty value: null and undefined are values', () => {
    const scope = Scope.root().value(A, null).value(B, undefined);
    expect([scope.get(A), scope.get(B)]).toEqual([null, undefined]);
  });

  test('a failed making is tried again', () => {
    let attempts = 0;
    const scope = Scope.root().lazy(A, {}, () => {
      if (++attempts === 1) throw new Error('not yet');
      return attempts;
    });
    expect(() => scope.get(A)).toThrow('not yet');
    expect(scope.get(A)).toBe(2);
  });

  test('silent second registration: it is refused', () => {
    const scope = Scope.root().value(NAME, 'x');
    expect(() => scope.value(NAME, 'y')).toThrow('registered twice');
    expect(() => scope.lazy(NAME, {}, () => 'y')).toThrow('registered twice');
    expect(scope.get(NAME)).toBe('x');
  });

  test('late sibling: what is registered after a child exists is not copied into it, but seen through the parent', () => {
    const root = Scope.root();
    const [one, other] = [root.child(), root.child()];
    root.lazy(A, {}, () => ({}));
    expect(one.get(A)).toBe(other.get(A));
  });

  test('global container: what a program registers there is not seen', async () => {
    const { container } = await import('tsyringe');
    container.register(NAME.key, { useValue: 'global' });
    onTestFinished(() => container.reset());
    expect(Scope.root().has(NAME)).toBe(false);
    expect(codeOf(() => Scope.root().child().get(NAME))).toContain('MF_SERVICE_MISSING');
  });
});
