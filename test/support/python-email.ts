/** Mails as Python's email package reads them: a parser that nobody here wrote. */
import { spawnSync } from 'node:child_process';
import { describeWithProgram } from './external.ts';

/** One part, or the mail itself. */
export interface PythonPart {
  readonly type: string;
  /** Parameters of `Content-Type`, by lower-case name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: readonly (readonly [string, string])[];
  /** The decoded text of a part that has no parts. */
  readonly text: string | null;
  /** The same as octets. */
  readonly octets: Buffer | null;
  readonly parts: readonly PythonPart[];
  /** What the parser found wrong. */
  readonly defects: readonly string[];
}

const PROGRAM = `
import base64, email, email.policy, json, sys
def look(part):
    multi = part.is_multipart()
    payload = None if multi else part.get_payload(decode=True)
    return {
        'type': part.get_content_type(),
        'parameters': {name.lower(): value for name, value in (part.get_params(failobj=[]) or [])[1:]},
        'headers': [[name, str(value)] for name, value in part.items()],
        'text': None if payload is None else payload.decode('utf-8', 'surrogateescape').encode('utf-8', 'replace').decode('utf-8'),
        'octets': None if payload is None else base64.b64encode(payload).decode('ascii'),
        'parts': [look(one) for one in part.get_payload()] if multi else [],
        'defects': [type(defect).__name__ for defect in part.defects],
    }
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
json.dump(look(mail), sys.stdout)
`;

/** Reads a mail. Use it inside `describeWithPython`. */
export function pythonReads(octets: Buffer): PythonPart {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', PROGRAM], { input: octets, maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`python3 failed: ${String(stderr)}`);
  return JSON.parse(String(stdout), (key, value: unknown) =>
    key === 'octets' && typeof value === 'string' ? Buffer.from(value, 'base64') : value,
  ) as PythonPart;
}

/** A `describe` that is skipped, with a line on the console that says what is missed, where python3 is not there; in CI that is a failure. */
export function describeWithPython(title: string, body: () => void): void {
  describeWithProgram('python3', title, body);
}
