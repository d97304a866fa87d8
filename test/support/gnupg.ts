/**
 * GnuPG as a peer: keys made for one test in a folder of their own, mail signed by it, and its own opinion of a signature.
 *
 * Where `gpg` is missing the tests that need it are skipped, and each says so; in CI its absence is a failure.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';

const run = promisify(execFile);

/** Whether `gpg` is there. */
export const gnupgPresent = ((): boolean => {
  try {
    execFileSync('gpg', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

if (!gnupgPresent && process.env.CI === 'true') throw new Error('gpg is missing: install the package gnupg');

/** A `describe` that is skipped, with a line on the console that says what is missed, where `gpg` is not there. */
export function describeWithGnupg(title: string, body: () => void): void {
  if (!gnupgPresent) console.warn(`SKIPPED, no gpg: ${title}`);
  describe.skipIf(!gnupgPresent)(title, body);
}

/** The words that GnuPG's status lines begin with (doc/DETAILS), for the outcome of a verification. */
const OUTCOMES = ['GOODSIG', 'BADSIG', 'ERRSIG', 'EXPSIG', 'EXPKEYSIG', 'REVKEYSIG', 'NODATA'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface KeyWish {
  readonly userId: string;
  readonly algorithm:
    | 'ed25519'
    | 'rsa2048'
    | `brainpoolP${256 | 384 | 512}r1`
    | 'secp256k1'
    | 'nistp256'
    | 'nistp521'
    | 'dsa2048';
  /** When it is made, as `20260101T000000`. */
  readonly made: string;
  /** When it expires, as `2026-02-01`, or `never`. */
  readonly expires: string;
}

/** A GnuPG home of its own. */
export class Gnupg {
  readonly #home: string;

  private constructor(home: string) {
    this.#home = home;
  }

  /** Makes an empty one. The folder stands directly below the temporary one: a socket's path may not be long. */
  static async create(): Promise<Gnupg> {
    return new Gnupg(await mkdtemp(join(tmpdir(), 'mf-gpg-')));
  }

  /** Ends the agent and removes the folder, and with it every private key. */
  async remove(): Promise<void> {
    await run('gpgconf', ['--homedir', this.#home, '--kill', 'all']).catch(() => undefined);
    await rm(this.#home, { recursive: true, force: true });
  }

  /** Makes a key and gives its fingerprint. */
  async makeKey({ userId, algorithm, made, expires }: KeyWish): Promise<string> {
    await this.#gpg(['--faked-system-time', made, '--quick-gen-key', userId, algorithm, 'sign', expires]);
    const listing = await this.#gpg(['--with-colons', '--list-keys', `=${userId}`]);
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listing.stdout.toString())?.[1];
    if (fingerprint === undefined) throw new Error(`gpg made no key for ${userId}`);
    return fingerprint;
  }

  /** Adds a subkey by which the key signs from then on. */
  async addSigningSubkey(fingerprint: string, made: string): Promise<void> {
    await this.#gpg(['--faked-system-time', made, '--quick-add-key', fingerprint, 'ed25519', 'sign', 'never']);
  }

  /** Adds a subkey for which others can encrypt. */
  async addEncryptionSubkey(
    fingerprint: string,
    made: string,
    algorithm: 'cv25519' | 'rsa2048' = 'cv25519',
  ): Promise<void> {
    await this.#gpg(['--faked-system-time', made, '--quick-add-key', fingerprint, algorithm, 'encr', 'never']);
  }

  /** The private key, armored. */
  async privateKey(fingerprint: string): Promise<string> {
    return (await this.#gpg(['--armor', '--export-secret-keys', fingerprint])).stdout.toString();
  }

  /** Encrypts octets for a key, and signs them before by those of `by`. Armored. */
  async encrypt(
    octets: Buffer,
    {
      to,
      by = [],
      at,
      more = [],
    }: { readonly to: string; readonly by?: readonly string[]; readonly at: string; readonly more?: readonly string[] },
  ): Promise<string> {
    const input = join(this.#home, 'to-encrypt');
    await writeFile(input, octets);
    const signers = by.flatMap(fingerprint => ['--local-user', fingerprint]);
    const fixed = ['--faked-system-time', at, '--trust-model', 'always', '--armor', '--recipient', to, '--output', '-'];
    const mode = by.length > 0 ? ['--sign', '--encrypt'] : ['--encrypt'];
    return (await this.#gpg([...fixed, ...signers, ...more, ...mode, input])).stdout.toString('latin1');
  }

  /** The certificate that revokes a key, which GnuPG writes when it makes one, and makes unusable by a colon. */
  async revocation(fingerprint: string): Promise<string> {
    const text = await readFile(join(this.#home, 'openpgp-revocs.d', `${fingerprint}.rev`), 'latin1');
    return text.slice(text.indexOf('-----BEGIN'));
  }

  /** The public key, armored, revoked by another key that it names for that. */
  async revokedBy(fingerprint: string, designee: string, at: string): Promise<string> {
    const time = ['--faked-system-time', at];
    await this.#converse([...time, '--edit-key', fingerprint], `addrevoker\n${designee}\ny\nsave\n`);
    return await this.#converse([...time, '--armor', '--desig-revoke', fingerprint], 'y\n0\n\ny\n');
  }

  /** The public key, armored. */
  async publicKey(fingerprint: string): Promise<string> {
    return (await this.#gpg(['--armor', '--export', fingerprint])).stdout.toString();
  }

  /** Deletes a key, the private one too. */
  async deleteKey(fingerprint: string): Promise<void> {
    await this.#gpg(['--delete-secret-and-public-key', fingerprint]);
  }

  /** The file in which it keeps its public keys. */
  async keybox(): Promise<Buffer> {
    return await readFile(join(this.#home, 'pubring.kbx'));
  }

  async importKey(armored: string): Promise<void> {
    const path = join(this.#home, 'import.asc');
    await writeFile(path, armored);
    await this.#gpg(['--import', path]);
  }

  /** The names of all user ids in the Web Key Directory, without the domain. */
  async wkdHashes(): Promise<readonly string[]> {
    const { stdout } = await this.#gpg(['--with-wkd-hash', '--list-keys']);
    return [...stdout.toString().matchAll(/^\s+([a-z0-9]{32})@/gm)].map(([, hash = '']) => hash);
  }

  /** Takes owner trust as `--export-ownertrust` writes it. */
  async importOwnerTrust(text: string): Promise<void> {
    const path = join(this.#home, 'ownertrust');
    await writeFile(path, text);
    await this.#gpg(['--import-ownertrust', path]);
  }

  /** What the web of trust says of every user id, by fingerprint and user id: `u`, `f`, `m` or another letter (doc/DETAILS). */
  async validities(at: string, more: readonly string[] = []): Promise<ReadonlyMap<string, string>> {
    const model = ['--faked-system-time', at, '--trust-model', 'classic', ...more];
    await this.#gpg([...model, '--check-trustdb']);
    const { stdout } = await this.#gpg([...model, '--with-colons', '--list-keys']);
    const found = new Map<string, string>();
    let fingerprint = '';
    for (const line of stdout.toString().split('\n')) {
      const fields = line.split(':');
      if (fields[0] === 'pub') fingerprint = '';
      if (fields[0] === 'fpr') fingerprint ||= fields[9] ?? '';
      if (fields[0] === 'uid') found.set(`${fingerprint} ${fields[9]}`, fields[1] ?? '');
    }
    return found;
  }

  /** Signs octets by all of the keys, at a time; more arguments as for `gpg`. */
  async sign(
    octets: Buffer,
    how: 'detached' | 'clear',
    { by, at, more = [] }: { readonly by: readonly string[]; readonly at: string; readonly more?: readonly string[] },
  ): Promise<string> {
    const input = join(this.#home, 'to-sign');
    await writeFile(input, octets);
    const signers = by.flatMap(fingerprint => ['--local-user', fingerprint]);
    const mode = how === 'clear' ? ['--clearsign'] : ['--armor', '--detach-sign'];
    const { stdout } = await this.#gpg([
      '--faked-system-time',
      at,
      ...signers,
      ...more,
      '--output',
      '-',
      ...mode,
      input,
    ]);
    return stdout.toString('latin1');
  }

  /** What GnuPG says of a detached signature, or of a clear-signed text where `signature` is left out; one word a signature. */
  async verify(octets: Buffer, at: string, signature?: Buffer | string): Promise<readonly Outcome[]> {
    const signed = join(this.#home, 'signed');
    await writeFile(signed, octets);
    const files = [signed];
    if (signature !== undefined) {
      const detached = join(this.#home, 'detached');
      await writeFile(detached, signature);
      files.unshift(detached);
    }
    const { stdout } = await this.#gpg(['--faked-system-time', at, '--status-fd', '1', '--verify', ...files]).catch(
      (failure: { readonly stdout: Buffer }) => failure,
    );
    const words = [...stdout.toString('latin1').matchAll(/^\[GNUPG:\] ([A-Z]+)/gm)].map(([, word]) => word);
    return OUTCOMES.flatMap(outcome => words.filter(word => word === outcome).map(() => outcome));
  }

  /** Opens a message: what is in it, and what GnuPG says of the signatures inside. @throws where it cannot */
  async decrypt(
    message: string,
    at: string,
  ): Promise<{ readonly octets: Buffer; readonly signatures: readonly Outcome[] }> {
    const [input, output] = [join(this.#home, 'sealed'), join(this.#home, 'opened')];
    await writeFile(input, message);
    const fixed = ['--faked-system-time', at, '--status-fd', '1', '--output', output];
    const { stdout } = await this.#gpg([...fixed, '--decrypt', input]);
    const words = [...stdout.toString('latin1').matchAll(/^\[GNUPG:\] ([A-Z]+)/gm)].map(([, word]) => word);
    const signatures = OUTCOMES.filter(outcome => words.includes(outcome));
    return { octets: await readFile(output), signatures };
  }

  /** For what GnuPG does in conversation only. */
  async #converse(args: readonly string[], answers: string): Promise<string> {
    const fixed = ['--homedir', this.#home, '--quiet', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', ''];
    const talking = run('gpg', [...fixed, '--command-fd', '0', ...args]);
    talking.child.stdin?.end(answers);
    return (await talking).stdout;
  }

  #gpg(args: readonly string[]): Promise<{ readonly stdout: Buffer }> {
    const fixed = ['--homedir', this.#home, '--batch', '--quiet', '--no-tty'];
    return run('gpg', [...fixed, '--pinentry-mode', 'loopback', '--passphrase', '', '--yes', ...args], {
      encoding: 'buffer',
    });
  }
}
