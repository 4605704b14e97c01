// Masks as run lengths in COCO's order: column by column, pixels outside first.

/** A mask whose runs are known by column, so that looking up a pixel and tracing the outline take no picture. */
export class RunMask {
  /** counts: numbers, or COCO's compressed text. */
  constructor(rle) {
    [this.height, this.width] = rle.size;
    const counts = typeof rle.counts === "string" ? unpack(rle.counts) : rle.counts;
    /** By column: [first, end, first, end, ...] of the pixels inside. */
    this.columns = Array.from({ length: this.width }, () => []);
    let position = 0;
    counts.forEach((count, index) => {
      if (index % 2 === 1) this.#add(position, position + count);
      position += count;
    });
  }

  #add(from, to) {
    while (from < to) {
      const x = Math.floor(from / this.height);
      const end = Math.min(to, (x + 1) * this.height);
      this.columns[x]?.push(from - x * this.height, end - x * this.height);
      from = end;
    }
  }

  contains(x, y) {
    const runs = this.columns[Math.floor(x)];
    if (!runs) return false;
    const row = Math.floor(y);
    for (let i = 0; i < runs.length; i += 2) if (runs[i] <= row && row < runs[i + 1]) return true;
    return false;
  }

  /** Its topmost pixel, for a label: {x, y}, or null. */
  get top() {
    let best = null;
    this.columns.forEach((runs, x) => {
      if (runs.length && (!best || runs[0] < best.y)) best = { x, y: runs[0] };
    });
    return best;
  }

  /** Calls visit(x, first, end) for every run. */
  forEachRun(visit) {
    this.columns.forEach((runs, x) => {
      for (let i = 0; i < runs.length; i += 2) visit(x, runs[i], runs[i + 1]);
    });
  }

  /** The outline along the pixels' edges, in pixels of the frame. */
  outline() {
    const path = new Path2D();
    let before = [];
    for (let x = 0; x <= this.width; x += 1) {
      const runs = this.columns[x] ?? [];
      for (let i = 0; i < runs.length; i += 2) {
        path.moveTo(x, runs[i]);
        path.lineTo(x + 1, runs[i]);
        path.moveTo(x, runs[i + 1]);
        path.lineTo(x + 1, runs[i + 1]);
      }
      // Where the columns on both sides of this edge differ.
      const edges = [...before, ...runs].sort((a, b) => a - b);
      for (let i = 0; i < edges.length; i += 2) {
        if (edges[i] === edges[i + 1]) continue;
        path.moveTo(x, edges[i]);
        path.lineTo(x, edges[i + 1]);
      }
      before = runs;
    }
    return path;
  }

  /** One byte a pixel, row by row. */
  bytes() {
    const bytes = new Uint8Array(this.width * this.height);
    this.forEachRun((x, first, end) => {
      for (let y = first; y < end; y += 1) bytes[y * this.width + x] = 1;
    });
    return bytes;
  }
}

/** Run lengths of one byte a pixel. */
export function runs(bytes, width, height) {
  const counts = [];
  let value = 0;
  let count = 0;
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) {
      if (bytes[y * width + x] !== value) {
        counts.push(count);
        count = 0;
        value = 1 - value;
      }
      count += 1;
    }
  }
  counts.push(count);
  return { size: [height, width], counts };
}

/** COCO's text form: little-endian groups of five bits, a sign, differences to the count before the last. */
function unpack(text) {
  const counts = [];
  let position = 0;
  while (position < text.length) {
    let value = 0;
    let shift = 0;
    let group;
    do {
      group = text.charCodeAt(position) - 48;
      value |= (group & 31) << shift;
      shift += 5;
      position += 1;
    } while (group & 32);
    if (group & 16 && shift < 32) value |= -1 << shift;
    counts.push(counts.length > 2 ? value + counts[counts.length - 2] : value);
  }
  return counts;
}
