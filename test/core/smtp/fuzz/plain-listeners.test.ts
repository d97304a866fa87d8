/** A hundred thousand strange dialogues, first half: listeners without plugins that misbehave. */
import { fuzz } from './fuzz.ts';

fuzz('strict', 'normalize', 'starttls', 'binary', 'front', 'proxied', 'tight limits');
