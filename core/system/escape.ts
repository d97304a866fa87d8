/** Writes out the characters that a terminal or a pager would obey instead of showing. */

/** C0, DEL and C1 controls, the line and paragraph separators, and the marks that turn the direction of text. */
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Replaces them by `\u001b` and the like: inside a JSON string that is the same text, elsewhere it is harmless. */
export function escapeControls(text: string): string {
  return text.replace(OBEYED, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
