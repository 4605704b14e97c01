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

/** Visits the pixels whose centre a closed line encloses (even and odd crossings), by their place in a picture. */
export function enclosed(path, width, height, visit) {
  for (let y = 0; y < height; y += 1) {
    const crossings = [];
    const middle = y + 0.5;
    path.forEach((a, i) => {
      const b = path[(i + 1) % path.length];
      if (a.y <= middle !== b.y <= middle) crossings.push(a.x + ((middle - a.y) / (b.y - a.y)) * (b.x - a.x));
    });
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(0, Math.ceil(crossings[i] - 0.5));
      const last = Math.min(width - 1, Math.ceil(crossings[i + 1] - 0.5) - 1);
      for (let x = first; x <= last; x += 1) visit(y * width + x);
    }
  }
}
