/** Loads modules as a gateway does, in a process of its own: those of a test are loaded by the test runner, which is no Node. */
import { filesOfModule, importFresh, noticeChangedModules } from '../../../core/wiring/fresh-modules.ts';

interface Order {
  readonly id: number;
  readonly file: string;
}

const numbers = new WeakMap<object, number>();
let count = 0;

/** Objects cannot be sent: the same one has the same number. */
function sendable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const number = numbers.get(value) ?? (count += 1);
  numbers.set(value, number);
  return `object ${number}`;
}

process.on('message', ({ id, file }: Order) => {
  noticeChangedModules();
  importFresh(file).then(
    module => {
      const exports = Object.fromEntries(Object.entries(module).map(([name, value]) => [name, sendable(value)]));
      process.send?.({ id, exports, files: filesOfModule(file) });
    },
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
