/** How often a text comes by, wherever it is cut. */
export function counted(text: string) {
  let count = 0;
  let rest = '';
  return {
    hear: (heard: Buffer): void => {
      const whole = rest + heard.toString('latin1');
      count += whole.split(text).length - 1;
      // A text that was counted is not kept.
      rest = whole.slice(Math.max(whole.lastIndexOf(text) + text.length, whole.length - text.length + 1));
    },
    count: () => count,
  };
}
