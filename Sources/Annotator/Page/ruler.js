// Where the timeline's ruler has numbers.

/** The frames of a stretch that get one, some 70 pixels apart at least. */
export function ticks(first, count, width) {
  const step = niceStep((count / width) * 70);
  const frames = [];
  for (let frame = Math.ceil(first / step) * step; frame < first + count; frame += step) frames.push(frame);
  return frames;
}

/** 1, 2, 5, 10, 20, ... */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return Math.max(1, [1, 2, 5, 10].map((f) => f * power).find((step) => step >= least) ?? 10 * power);
}
