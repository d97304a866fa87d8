/**
 * Texts on the screen with less contrast than WCAG 2.2 asks for (1.4.3): 4.5 to 1. Runs in a browser, as a whole: it refers to
 * nothing outside of itself.
 */
export function faintTexts() {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = colour => {
    if (canvas === null) return [];
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = colour => {
    const [r = 0, g = 0, b = 0] = colour.slice(0, 3).map(value => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = element => {
    if (element === null) return [255, 255, 255, 255];
    const colour = rgba(getComputedStyle(element).backgroundColor);
    return (colour[3] ?? 0) > 0 ? colour : groundOf(element.parentElement);
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].filter(node => node.nodeType === 3 && node.textContent?.trim() !== '');
    if (text.length === 0 || element.getClientRects().length === 0 || element.matches('.skip, :disabled, noscript'))
      continue;
    const [one, other] = [rgba(getComputedStyle(element).color), groundOf(element)].map(luminance);
    const ratio = (Math.max(one ?? 0, other ?? 0) + 0.05) / (Math.min(one ?? 0, other ?? 0) + 0.05);
    if (ratio < 4.5) faint.push(`${element.className} ${text[0]?.textContent?.trim()}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(faint)];
}
