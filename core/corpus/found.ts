/** What is found while a corpus is listed. */
import type { Sample } from './sample.ts';

/** `fault`: it should be a message, and cannot be read. `other`: a file that is no message, a notification of ours. */
export type Found =
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'fault'; readonly name: string; readonly cause: string }
  | { readonly kind: 'other'; readonly name: string };

export function sample(name: string, from: Sample['from']): Found {
  return { kind: 'sample', sample: { name, from } };
}

export function fault(name: string, cause: string): Found {
  return { kind: 'fault', name, cause };
}
