// Plays at the video's rate, frame by frame: a frame that is not there yet is waited for, none is passed over.

export class Playback {
  #timer = null;

  constructor(session) {
    this.session = session;
  }

  get isPlaying() {
    return this.#timer !== null;
  }

  toggle() {
    if (this.isPlaying) return this.stop();
    if (this.session.frame === this.session.lastFrame) this.session.show(0);
    const [top, bottom] = this.session.project.video.rate;
    this.session.isPlaying = true;
    this.#play(performance.now(), this.session.frame, top / bottom);
    this.session.tell("playing");
  }

  stop() {
    if (!this.isPlaying) return;
    cancelAnimationFrame(this.#timer);
    this.#timer = null;
    this.session.isPlaying = false;
    this.session.tell("playing");
  }

  #play(began, from, rate) {
    const { session } = this;
    this.#timer = requestAnimationFrame((now) => {
      const wanted = Math.min(session.lastFrame, from + Math.floor(((now - began) / 1000) * rate));
      const next = session.frame + 1;
      if (wanted >= next && next <= session.lastFrame) {
        // A screen slower than the video leaves frames out; a slow server does not.
        let frame = wanted;
        while (frame > next && !this.#isThere(frame)) frame -= 1;
        if (!this.#isThere(frame)) {
          session.want();
          return this.#play(now - 1000 / rate, session.frame, rate);
        }
        session.show(frame);
      }
      if (session.frame >= session.lastFrame) return this.stop();
      this.#play(began, from, rate);
    });
  }

  #isThere(frame) {
    return this.session.pictureNow(frame) && this.session.masksNow(frame);
  }
}
