// Points and lines that a person draws.

/** To hundredths of a pixel: the screen's own places have rounding errors, and a click on pixel 450 is meant to be there. */
export function rounded({ x, y }) {
  return { x: Math.round(100 * x) / 100, y: Math.round(100 * y) / 100 };
}

/** Without the points that add less than a distance; [[x, y], ...]. */
export function thin(path, distance) {
  const kept = [path[0]];
  for (const p of path.slice(1)) if (Math.hypot(p.x - kept.at(-1).x, p.y - kept.at(-1).y) >= distance) kept.push(p);
  if (kept.at(-1) !== path.at(-1)) kept.push(path.at(-1));
  return kept.map(rounded).map((p) => [p.x, p.y]);
}
