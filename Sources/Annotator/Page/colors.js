// Objects are told apart by colour, number and the outline's dashes: nobody has to rely on colours alone.

const dashes = [[], [7, 4], [2, 3], [9, 3, 2, 3], [12, 5], [4, 4]];

export function dash(object) {
  return dashes[(object - 1) % dashes.length];
}

export function rgb(hex) {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Confidence 0 to 1: from a warning colour to the calm one. Bars that are less sure are also lower. */
export function confidenceColor(confidence) {
  const [low, middle, high] = [[255, 107, 107], [242, 184, 75], [96, 172, 140]];
  const [a, b, t] = confidence < 0.6 ? [low, middle, confidence / 0.6] : [middle, high, (confidence - 0.6) / 0.4];
  return `rgb(${a.map((v, i) => Math.round(v + (b[i] - v) * Math.max(0, Math.min(1, t)))).join(" ")})`;
}
