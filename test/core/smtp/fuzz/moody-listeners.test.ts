/** A hundred thousand strange dialogues, second half: AUTH, plugins that misbehave, a disk that fails. */
import { fuzz } from './fuzz.ts';

fuzz('moody plugins', 'auth', 'auth required', 'lmtp', 'impatient', 'moody disk');
