// Small texts on a canvas.

export function font(weight) {
  return `${weight} 11px system-ui, sans-serif`;
}

/** As much of a text as there is room for, in the canvas's font. */
export function fitting(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let length = Math.min(text.length, 40);
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length -= 1;
  return `${text.slice(0, length).trimEnd()}…`;
}
