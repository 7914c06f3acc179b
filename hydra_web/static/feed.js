// One stream of server-sent events, watched: a line that is open but silent counts as lost too.
const SILENCE = 40_000; // ms; the server says something at least every 15 s
const REOPEN = 3_000; // ms until a line that the browser gave up on is tried again

export function openFeed(path, cursor, { onState, on }) {
  let source = null;
  let seen = cursor;
  let quiet = 0;
  let opened = false;

  const heard = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => restart("lost"), SILENCE);
    onState("live");
  };
  const restart = (state) => {
    onState(state);
    clearTimeout(quiet);
    source.close();
    setTimeout(open, REOPEN);
  };
  const open = () => {
    source = new EventSource(`${path}?after=${encodeURIComponent(seen)}`);
    source.onopen = () => {
      opened = true;
      heard();
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) restart("lost");
      else onState(opened ? "lost" : "connecting");
    };
    for (const [name, handle] of Object.entries(on)) {
      source.addEventListener(name, (event) => {
        if (event.lastEventId) seen = event.lastEventId;
        heard();
        handle(JSON.parse(event.data));
      });
    }
  };
  onState("connecting");
  open();
}
