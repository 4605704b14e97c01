// What is known of an object in every frame, a byte a frame, and how it is drawn.

import { confidenceColor } from "./colors.js";

const unknown = 0;
export const absent = 1;

/** The bytes of a strip as the server sent it. */
export function summary(strip) {
  strip.bytes ??= Uint8Array.from(atob(strip.frames), (c) => c.charCodeAt(0));
  return strip.bytes;
}

export function isKnown(value) {
  return value !== unknown && value !== undefined;
}

/** How sure it is, 0 to 1, that the mask is right where the object is seen. */
export function confidenceOf(value) {
  return (value - 2) / 253;
}

/** Draws a strip into a row of the timeline: {y, row, left, right, xOf(frame), frameAt(x)}. */
export class StripPainter {
  static #hatch = null;

  constructor(context, place) {
    [this.context, this.place] = [context, place];
  }

  /** Seen: a bar, lower and redder where it is less sure. Not seen: a thin line. A pixel that stands for many frames shows the least sure. */
  summary(bytes) {
    const { left, right, frameAt } = this.place;
    const step = 1 / (window.devicePixelRatio || 1);
    // Neighbouring pixels of one look are one rectangle, on whole pixels of the screen: no seams.
    let [from, look] = [left, unknown];
    for (let x = left; x < right; x += step) {
      const first = frameAt(x);
      const least = leastSure(bytes, first, Math.max(first, frameAt(x + step) - 1));
      if (least === look) continue;
      this.#bar(from, x, look);
      [from, look] = [x, least];
    }
    this.#bar(from, right, look);
  }

  #bar(from, to, look) {
    const { context } = this;
    const { y, row } = this.place;
    if (look === absent) {
      context.fillStyle = "#6b7482";
      context.fillRect(from, y + row / 2 - 1, to - from, 1.5);
    } else if (look !== unknown) {
      const tall = Math.round((row - 4) * (0.3 + 0.7 * confidenceOf(look)));
      context.fillStyle = confidenceColor(confidenceOf(look));
      context.fillRect(from, y + row - 2 - tall, to - from, tall);
    }
  }

  outdated([first, last]) {
    const { context } = this;
    const { y, row, xOf } = this.place;
    StripPainter.#hatch ??= makeHatch(context);
    context.fillStyle = StripPainter.#hatch;
    context.fillRect(xOf(first), y + 1, xOf(last + 1) - xOf(first), row - 2);
  }

  /** A frame to look at. */
  notch(frame) {
    const { context } = this;
    const { y, xOf } = this.place;
    const x = xOf(frame + 0.5);
    context.fillStyle = "#f2b84b";
    context.beginPath();
    context.moveTo(x - 4, y);
    context.lineTo(x + 4, y);
    context.lineTo(x, y + 5);
    context.fill();
  }

  /** A frame that a person marked. */
  anchor(frame, color) {
    const { context } = this;
    const { y, row, xOf } = this.place;
    const x = xOf(frame + 0.5);
    const middle = y + row / 2;
    context.beginPath();
    context.moveTo(x, middle - 5);
    context.lineTo(x + 5, middle);
    context.lineTo(x, middle + 5);
    context.lineTo(x - 5, middle);
    context.closePath();
    context.fillStyle = color;
    context.fill();
    context.lineWidth = 1.4;
    context.strokeStyle = "#ffffff";
    context.stroke();
  }
}

/** Of some frames: the least sure one that is seen; absent where none is seen. */
function leastSure(bytes, first, last) {
  let least = unknown;
  for (let frame = first; frame <= last; frame += 1) {
    const value = bytes[frame];
    if (isKnown(value) && (least <= absent || (value !== absent && value < least))) least = value;
  }
  return least;
}

function makeHatch(context) {
  const tile = new OffscreenCanvas(6, 6);
  const pen = tile.getContext("2d");
  pen.fillStyle = "rgb(23 26 32 / 0.5)";
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = "rgb(142 150 163 / 0.75)";
  pen.lineWidth = 1;
  pen.beginPath();
  for (const x of [-6, 0, 6]) {
    pen.moveTo(x - 1, 7);
    pen.lineTo(x + 7, -1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
