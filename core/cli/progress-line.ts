/** One line on a terminal that says what a verb is at, and goes away again. Elsewhere there is none. */

/** Where it is written. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CLEAR = '\r\u001b[2K';

export function progressLine(to: Terminal): { show(text: string): void; clear(): void } {
  let shown = false;
  return {
    show(text) {
      if (to.isTTY !== true) return;
      shown = true;
      to.write(`${CLEAR}${text} …`);
    },
    clear() {
      if (shown) to.write(CLEAR);
      shown = false;
    },
  };
}
