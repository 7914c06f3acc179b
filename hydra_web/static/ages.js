// Counts ages up between messages, by the server's clock, so that a browser with a wrong clock tells the truth.
let ahead = 0;

export function setServerTime(iso) {
  const server = Date.parse(iso);
  if (!Number.isNaN(server)) ahead = server - Date.now();
}

export function words(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d`;
}

export function refreshAges(within = document) {
  const now = Date.now() + ahead;
  for (const time of within.querySelectorAll("time[data-age]")) {
    const text = words((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

export function startAges() {
  if (document.body.dataset.now) setServerTime(document.body.dataset.now);
  refreshAges();
  setInterval(() => refreshAges(), 1000);
}
