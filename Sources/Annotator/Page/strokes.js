// Strokes of brush and eraser, and lassos: while they are drawn, and afterwards, as marks of a frame.

/** What a person is drawing: {kind: "stroke" | "lasso", path: [{x, y}, ...], radius, erases}. */
export function drawStroke(context, { kind, path, radius, erases }, color, scale) {
  const isLasso = kind === "lasso";
  context.save();
  context.strokeStyle = erases ? "#ffffff" : color;
  context.globalAlpha = isLasso ? 1 : 0.5;
  context.lineWidth = isLasso ? 1.5 / scale : 2 * radius;
  [context.lineCap, context.lineJoin] = ["round", "round"];
  context.stroke(lineOf(path.map((p) => [p.x, p.y])));
  context.restore();
}

/**
 * A stroke that was made: {path: [x, y, x, y, ...], radius, erases}, of a lasso without a radius. A hint of what it covers, and its line,
 * dashed where it takes away.
 */
export function drawMadeStroke(context, stroke, color, scale) {
  const isLasso = stroke.radius === undefined;
  stroke.line ??= lineOf(Array.from({ length: stroke.path.length / 2 }, (_, i) => [stroke.path[2 * i], stroke.path[2 * i + 1]]), isLasso);
  context.save();
  [context.lineCap, context.lineJoin] = ["round", "round"];
  if (!isLasso) {
    context.strokeStyle = stroke.erases ? "#15181d" : color;
    context.globalAlpha = 0.22;
    context.lineWidth = 2 * stroke.radius;
    context.stroke(stroke.line);
  }
  context.setLineDash(stroke.erases ? [3 / scale, 4 / scale] : []);
  for (const [line, width, alpha] of [["#15181d", 2.6, 0.35], ["#ffffff", 1, 0.8]]) {
    context.strokeStyle = line;
    context.globalAlpha = alpha;
    context.lineWidth = width / scale;
    context.stroke(stroke.line);
  }
  context.restore();
}

function lineOf(points, isClosed = false) {
  const line = new Path2D();
  points.forEach(([x, y], i) => (i === 0 ? line.moveTo(x, y) : line.lineTo(x, y)));
  // A line of one point is a dot.
  if (points.length === 1) line.lineTo(...points[0]);
  if (isClosed) line.closePath();
  return line;
}
