// Masks as run lengths in COCO's order: column by column, pixels outside first.

/** A mask as its runs of pixels inside: looking up a pixel and tracing the outline take no picture, and hundreds fit into memory. */
export class RunMask {
  /** Where each run begins and ends, counting pixels column by column: [first, end, first, end, ...]. */
  #bounds;

  /** counts: numbers, or COCO's compressed text. */
  constructor(rle) {
    [this.height, this.width] = rle.size;
    const counts = typeof rle.counts === "string" ? unpack(rle.counts) : rle.counts;
    this.#bounds = new Uint32Array(2 * (counts.length >> 1));
    let position = 0;
    counts.forEach((count, index) => {
      if (index % 2 === 1) [this.#bounds[index - 1], this.#bounds[index]] = [position, position + count];
      position += count;
    });
  }

  contains(x, y) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return false;
    const position = Math.floor(x) * this.height + Math.floor(y);
    let [low, high] = [0, this.#bounds.length / 2];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#bounds[2 * middle + 1] <= position) low = middle + 1;
      else high = middle;
    }
    return 2 * low < this.#bounds.length && this.#bounds[2 * low] <= position;
  }

  /** Calls visit(x, first, end) for every run of every column, columns from the left, runs from the top. */
  forEachRun(visit) {
    const { height } = this;
    for (let i = 0; i < this.#bounds.length; i += 2) {
      let from = this.#bounds[i];
      while (from < this.#bounds[i + 1]) {
        const x = Math.floor(from / height);
        const end = Math.min(this.#bounds[i + 1], (x + 1) * height);
        visit(x, from - x * height, end - x * height);
        from = end;
      }
    }
  }

  /** Its topmost pixel, for a label: {x, y}, or null. */
  get top() {
    let best = null;
    this.forEachRun((x, first) => {
      if (!best || first < best.y) best = { x, y: first };
    });
    return best;
  }

  /** The smallest rectangle around it: {x, y, width, height}; null where it is empty. */
  get box() {
    let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
    this.forEachRun((x, first, end) => {
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, first);
      bottom = Math.max(bottom, end);
    });
    return right < 0 ? null : { x: left, y: top, width: right - left, height: bottom - top };
  }

  /** The outline along the pixels' edges, in pixels of the frame: closed lines, so that dashes run along them. */
  outline() {
    const path = new Path2D();
    for (const loop of this.#loops()) {
      loop.forEach(([x, y], i) => (i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
      path.closePath();
    }
    return path;
  }

  /** Closed lines of corners, the mask on their right. */
  #loops() {
    const next = this.#edges();
    const loops = [];
    for (const start of next.keys()) {
      while (next.has(start)) {
        const corners = [];
        let [at, direction] = [start, null];
        do {
          const ends = next.get(at);
          const to = ends.pop();
          if (!ends.length) next.delete(at);
          const turned = to - at;
          if (turned !== direction) corners.push([Math.floor(at / (this.height + 1)), at % (this.height + 1)]);
          [at, direction] = [to, turned];
        } while (at !== start);
        loops.push(corners);
      }
    }
    return loops;
  }

  /** Edges between a pixel inside and one outside, one pixel long: where each corner leads to. A corner's number is x * (height + 1) + y. */
  #edges() {
    const next = new Map();
    const add = (x0, y0, x1, y1) => {
      const [from, to] = [x0 * (this.height + 1) + y0, x1 * (this.height + 1) + y1];
      const known = next.get(from);
      if (known) known.push(to);
      else next.set(from, [to]);
    };
    const side = (x, left, right) => {
      const ends = [...left, ...right].sort((a, b) => a - b);
      for (let i = 0; i < ends.length; i += 2) {
        const isLeft = left.some((first, place) => place % 2 === 0 && first <= ends[i] && ends[i] < left[place + 1]);
        for (let y = ends[i]; y < ends[i + 1]; y += 1) {
          if (isLeft) add(x, y, x, y + 1);
          else add(x, y + 1, x, y);
        }
      }
    };
    let [at, before, column] = [-1, [], []];
    const turn = (x) => {
      if (x === at) return;
      if (at >= 0) side(at, before, column);
      if (at >= 0 && x > at + 1) side(at + 1, column, []);
      [before, column, at] = [x === at + 1 ? column : [], [], x];
    };
    this.forEachRun((x, first, end) => {
      turn(x);
      column.push(first, end);
      add(x, first, x + 1, first);
      add(x + 1, end, x, end);
    });
    turn(Infinity);
    return next;
  }
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
