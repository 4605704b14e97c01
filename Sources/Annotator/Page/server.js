// What the page asks the server and is told by it. Every answer that is not asked for comes as an event.

export class ServerError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError("The program does not answer.", 0);
  }
  if (!response.ok) {
    const said = await response.json().catch(() => null);
    throw new ServerError(said?.error ?? `The program answered with status ${response.status}.`, response.status);
  }
  return response;
}

export async function get(path) {
  return (await ask(path)).json();
}

export async function post(path, body = {}, signal) {
  const headers = { "Content-Type": "application/json", "X-Sampt": "1" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body), signal })).json();
}

export async function upload(path, file, format) {
  const headers = { "Content-Type": "application/octet-stream", "X-Sampt": "1", "X-Name": encodeURIComponent(file.name) };
  if (format) headers["X-Format"] = format;
  return (await ask(path, { method: "POST", headers, body: file })).json();
}

/** - key: of the video: another one at the same address has other pictures. */
export async function picture(frame, key) {
  const response = await ask(`api/frames/${frame}.jpg?v=${key}`);
  return createImageBitmap(await response.blob());
}

const silence = 9000; // The server says something every three seconds.
const pause = 1000;

/**
 * Keeps the stream of events open. `onChange(true)` once it is there again, `onChange(false, why)` when it is lost; why: null, or what the
 * program says where it lets this page in no more.
 */
export function listen(handlers, onChange) {
  let source;
  let timer;
  let connected = null;
  let reason = null;
  const tell = (now, why = null) => {
    if (now === connected && why === reason) return;
    [connected, reason] = [now, why];
    onChange(now, why);
  };
  const after = (milliseconds, work) => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
  const heard = () => after(silence, lost);
  function lost() {
    source.close();
    tell(false, reason);
    after(pause, open);
  }
  /** An answer with an error status ends a stream without saying which. */
  async function askWhy() {
    try {
      await get("api/state");
      tell(false);
    } catch (error) {
      tell(false, [401, 403].includes(error.status) ? error.message : null);
    }
  }
  function open() {
    source = new EventSource("api/events");
    source.onopen = () => {
      heard();
      tell(true);
    };
    source.onerror = () => {
      lost();
      askWhy();
    };
    source.addEventListener("beat", heard);
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        heard();
        handle(JSON.parse(event.data));
      });
    }
    heard();
  }
  open();
}
