// What the bars around the picture say: progress, place, connection, what is to be looked at.

const $ = (id) => document.getElementById(id);

export class Status {
  constructor({ session, timeline, tools, playback, say }) {
    Object.assign(this, { session, timeline, tools, playback, say });
    const on = (name, show) => session.addEventListener(name, (event) => show.call(this, event.detail));
    on("state", this.#showState);
    on("state", () => this.#showProgress());
    on("progress", this.#showProgress);
    on("frame", this.showFrame);
    on("timeline", this.#showReview);
    on("timeline", this.#showTracking);
    on("frame", this.#showReview);
    on("connection", this.#showConnection);
    on("tool", this.#showTool);
    on("range", this.#showRange);
    on("pointed", (under) => ($("pointed").textContent = under?.text ?? ""));
    on("playing", this.#showPlaying);
    on("selection", () => $("add-object").setAttribute("aria-pressed", session.isAdding));
  }

  #showState() {
    const { state, project } = this.session;
    $("undo").disabled = !state.canUndo;
    $("redo").disabled = !state.canRedo;
    const isTracking = Boolean(state.propagation);
    $("cancel").hidden = !isTracking;
    for (const id of ["track", "track-forward", "track-backward"]) {
      $(id).hidden = isTracking;
      $(id).disabled = Boolean(project.models.missing) || !state.objects.some((object) => object.anchors.length);
    }
    $("hint").hidden = state.objects.length > 0 || localStorage.getItem("sampt-hint") === "seen";
  }

  /** The button calls for attention only where there is something to track. */
  #showTracking() {
    const isNeeded = (this.session.timeline?.objects ?? []).some((strip) => strip.outdated.length && strip.anchors.length);
    $("track").classList.toggle("primary", isNeeded);
  }

  #showProgress(ended) {
    const news = this.session.progress ?? this.session.state?.propagation;
    $("progress-bar").hidden = !news;
    if (news) {
      const left = news.done > 2 ? Math.ceil(((news.total - news.done) * news.seconds) / news.done) : null;
      $("progress").textContent = !news.total ? "Tracking …" : `${news.done} of ${news.total}${left === null ? "" : `, ${duration(left)} left`}`;
      [$("progress-bar").max, $("progress-bar").value] = [Math.max(1, news.total), news.done];
    } else {
      $("progress").textContent = "";
    }
    if (ended?.error) this.say(ended.error, true);
    if (ended?.ending === "complete" && ended.number === 0) this.say("Everything is up to date.");
  }

  showFrame() {
    const { frame, lastFrame, project } = this.session;
    if (document.activeElement !== $("frame")) $("frame").value = frame;
    $("frame-count").textContent = `of ${lastFrame}`;
    const [top, bottom] = project.video.rate;
    const seconds = (frame * bottom) / top;
    $("place").textContent = `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
  }

  #showReview() {
    const { session } = this;
    const review = session.timeline?.review ?? [];
    const frames = [...new Set(review.map((one) => one.frame))].sort((a, b) => a - b);
    const here = review.find((one) => one.frame === session.frame);
    const reason = here?.reason ? `: ${here.reason}` : "";
    const many = `${frames.length} frame${frames.length === 1 ? "" : "s"} to look at`;
    $("review-text").textContent = here ? `${frames.indexOf(here.frame) + 1} of ${many}${reason}` : frames.length ? many : "";
    $("review-text").classList.toggle("warn", Boolean(here));
    for (const id of ["next-review", "previous-review"]) $(id).disabled = frames.length === 0;
  }

  #showConnection() {
    const { connected, refusal } = this.session;
    document.body.classList.toggle("lost", !connected);
    $("connection").textContent = connected ? "" : (refusal ?? "Connection lost: nothing is changed until it is back. Trying …");
  }

  #showTool() {
    const { tool, saysNot } = this.tools;
    for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", button.dataset.tool === tool);
    $("sign").setAttribute("aria-pressed", saysNot);
    $("brush-size").disabled = !["brush", "eraser"].includes(tool);
  }

  #showRange() {
    const { range } = this.timeline;
    $("limit").setAttribute("aria-pressed", Boolean(range));
    $("range").textContent = range ? `${range[0]} to ${range[1]} (Esc: all)` : "";
  }

  #showPlaying() {
    const { isPlaying } = this.playback;
    $("play").setAttribute("aria-pressed", isPlaying);
    $("play").querySelector("use").setAttribute("href", `#icon-${isPlaying ? "pause" : "play"}`);
  }
}

function duration(seconds) {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
