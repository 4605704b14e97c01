// How a window shows things: zoom, brightness, what is drawn. It stays with the browser; nothing of it is part of the project.

const defaults = {
  opacity: 0.45, brightness: 1, contrast: 1, outline: true, points: true, trails: false, onion: false, preview: true, brush: 12,
};

const place = "sampt-view";

export function loadView() {
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(place)) };
  } catch {
    return { ...defaults };
  }
}

export function saveView(view) {
  try {
    localStorage.setItem(place, JSON.stringify(view));
  } catch {
    // Without storage the settings last as long as the window.
  }
}

/** From pixels of the frame to pixels of the canvas (CSS pixels), and back. */
export class Camera {
  scale = 1;
  x = 0;
  y = 0;
  #fitted = true;

  /** The whole frame in the middle. */
  fit(frame, canvas) {
    this.#fitted = true;
    this.scale = Math.min((canvas.width - 24) / frame.width, (canvas.height - 24) / frame.height);
    this.x = (canvas.width - frame.width * this.scale) / 2;
    this.y = (canvas.height - frame.height * this.scale) / 2;
  }

  resized(frame, canvas) {
    if (this.#fitted) this.fit(frame, canvas);
  }

  zoom(factor, at) {
    this.#fitted = false;
    const scale = Math.max(0.05, Math.min(40, this.scale * factor));
    this.x = at.x - ((at.x - this.x) * scale) / this.scale;
    this.y = at.y - ((at.y - this.y) * scale) / this.scale;
    this.scale = scale;
  }

  move(dx, dy) {
    this.#fitted = false;
    this.x += dx;
    this.y += dy;
  }

  /** Moves the view as far as it takes for a place of the frame to be some pixels from the canvas's edge. */
  keep(place, margin, canvas) {
    const p = this.toCanvas(place);
    const away = (at, length) => Math.max(0, margin - at) - Math.max(0, at - (length - margin));
    // A frame that is there as a whole stays where it is.
    if (!this.#fitted) this.move(away(p.x, canvas.width), away(p.y, canvas.height));
  }

  toFrame(p) {
    return { x: (p.x - this.x) / this.scale, y: (p.y - this.y) / this.scale };
  }

  toCanvas(p) {
    return { x: p.x * this.scale + this.x, y: p.y * this.scale + this.y };
  }
}
