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

export async function get(path, signal) {
  return (await ask(path, { signal })).json();
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

export async function picture(frame, signal) {
  const response = await ask(`api/frames/${frame}.jpg`, { signal });
  return createImageBitmap(await response.blob());
}

const silence = 25000; // The server says something at least every 10 s.

/** Keeps the stream of events open. `onChange(true)` once it is there again, `onChange(false)` when it is lost. */
export function listen(handlers, onChange) {
  let source;
  let timer;
  let connected = null;
  const tell = (now) => {
    if (now === connected) return;
    connected = now;
    onChange(now);
  };
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(reconnect, silence);
  };
  function reconnect() {
    tell(false);
    source?.close();
    open();
  }
  function open() {
    source = new EventSource("api/events");
    source.onopen = () => {
      heard();
      tell(true);
    };
    source.onerror = () => {
      tell(false);
      // A browser gives up after an answer with an error status.
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(timer);
        timer = setTimeout(open, 1000);
      }
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
